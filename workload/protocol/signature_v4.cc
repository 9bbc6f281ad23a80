#include "workload/protocol/signature_v4.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace ceiling::sigv4 {
namespace {

using std::chrono::sys_seconds;

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kTerminator = "aws4_request";

constexpr std::string_view kMissing = "MissingAuthenticationTokenException";
constexpr std::string_view kIncomplete = "IncompleteSignatureException";
constexpr std::string_view kInvalid = "InvalidSignatureException";
constexpr std::string_view kUnrecognized = "UnrecognizedClientException";

constexpr std::string_view kUnknownToken = "The security token included in the request is invalid.";

[[noreturn]] void refuse(std::string_view type, std::string message) {
  for (char& c : message) {
    if (c < ' ' || c > '~') c = '?';
  }
  throw Refusal{400, std::string(type), std::move(message)};
}

// --- hashes

// Fetched once, as in hash_key.cc.
const EVP_MD* sha256() {
  static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> digest(
      EVP_MD_fetch(nullptr, "SHA256", nullptr), &EVP_MD_free);
  return digest.get();
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string hex(std::span<const unsigned char> digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * digest.size());
  for (const unsigned char byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xf];
  }
  return text;
}

std::string hex_sha256(std::string_view text) {
  SigningKey::Digest digest{};
  if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, sha256(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL cannot compute a SHA-256 digest");
  }
  return hex(digest);
}

SigningKey::Digest hmac(std::span<const unsigned char> key, std::string_view text) {
  SigningKey::Digest digest{};
  if (HMAC(sha256(), key.data(), static_cast<int>(key.size()), bytes(text), text.size(),
           digest.data(), nullptr) == nullptr) {
    throw std::runtime_error("OpenSSL cannot compute an HMAC");
  }
  return digest;
}

// --- time

// Not by system_clock::to_time_t: its nanoseconds hold no year before 1677.
std::tm broken_down(sys_seconds time) {
  return fmt::gmtime(static_cast<std::time_t>(time.time_since_epoch().count()));
}
std::string basic_iso(sys_seconds time) {
  return fmt::format("{:%Y%m%dT%H%M%SZ}", broken_down(time));
}
std::string http_date(sys_seconds time) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S}", broken_down(time));
}

unsigned number(std::string_view digits) {
  unsigned value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::optional<sys_seconds> time_of(std::string_view year, std::size_t month, std::string_view day,
                                   std::string_view hour, std::string_view minute,
                                   std::string_view second) {
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(number(year))),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(number(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(number(hour)) +
         std::chrono::minutes(number(minute)) + std::chrono::seconds(number(second));
}

// Both formats are read loosely: a date is what comes out the same when it is written again.
std::optional<sys_seconds> parse_basic_iso(std::string_view text) {
  if (text.size() != 16) return std::nullopt;
  const auto time = time_of(text.substr(0, 4), number(text.substr(4, 2)), text.substr(6, 2),
                            text.substr(9, 2), text.substr(11, 2), text.substr(13, 2));
  return time && basic_iso(*time) == text ? time : std::nullopt;
}

// "Sun, 30 Aug 2015 12:36:00 GMT" (RFC 9110, section 5.6.7); botocore writes -0000 for GMT.
std::optional<sys_seconds> parse_http_date(std::string_view text) {
  constexpr std::size_t kZoneAt = 25;
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() < kZoneAt) return std::nullopt;
  if (const auto zone = text.substr(kZoneAt); zone != " GMT" && zone != " -0000")
    return std::nullopt;
  const auto time =
      time_of(text.substr(12, 4), kMonths.find(text.substr(8, 3)) / 3 + 1, text.substr(5, 2),
              text.substr(17, 2), text.substr(20, 2), text.substr(23, 2));
  return time && http_date(*time) == text.substr(0, kZoneAt) ? time : std::nullopt;
}

// --- the signature

std::vector<std::string> sorted_unique(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string signature(SigningKey& key, std::string_view date, std::string_view canonical) {
  const std::string_view day = date.substr(0, 8);
  return hex(hmac(key.on(day), fmt::format("{}\n{}\n{}\n{}", kAlgorithm, date, key.scope(day),
                                           hex_sha256(canonical))));
}

// --- what a request says of its signature

struct Authorization {
  std::string_view algorithm;
  std::string_view credential;
  std::string_view signed_headers;
  std::string_view signature;
};

// A view into `header`.
Authorization parse_authorization(std::string_view header, bool dated) {
  if (header.size() > kMaxAuthorizationBytes) {
    refuse(kIncomplete, fmt::format("Authorization header of {} bytes, at most {}.", header.size(),
                                    kMaxAuthorizationBytes));
  }
  std::vector<std::string_view> parts = split(header, ", ");
  std::map<std::string_view, std::string_view> fields;
  for (const std::string_view part : std::span(parts).subspan(1)) {
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      refuse(kIncomplete, fmt::format("'{}' not a valid key=value pair (missing equal-sign) in "
                                      "Authorization header: '{}'.",
                                      part, header));
    }
    if (!fields.emplace(part.substr(0, equals), part.substr(equals + 1)).second) {
      refuse(kIncomplete, fmt::format("'{}' more than once in Authorization header: '{}'.",
                                      part.substr(0, equals), header));
    }
  }
  std::string missing;
  for (const std::string_view name : {"Credential", "Signature", "SignedHeaders"}) {
    if (fields[name].empty()) {
      missing += fmt::format("Authorization header requires '{}' parameter. ", name);
    }
  }
  if (!dated) {
    missing +=
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  }
  if (!missing.empty()) refuse(kIncomplete, fmt::format("{}Authorization={}", missing, header));
  return {parts.front(), fields["Credential"], fields["SignedHeaders"], fields["Signature"]};
}

std::vector<std::string> parse_signed_headers(std::string_view list) {
  const auto parts = split(list, ";");
  if (parts.size() > kMaxSignedHeaders) {
    refuse(kIncomplete,
           fmt::format("{} signed headers, at most {}.", parts.size(), kMaxSignedHeaders));
  }
  std::vector<std::string> names(parts.size());
  std::transform(parts.begin(), parts.end(), names.begin(), lower);
  return sorted_unique(std::move(names));
}

void check_signed(std::span<const Header> headers, const std::vector<std::string>& names,
                  std::string_view date_header) {
  const auto is_signed = [&](std::string_view name) {
    return std::binary_search(names.begin(), names.end(), name);
  };
  if (!is_signed("host") && !is_signed(":authority")) {
    refuse(kInvalid, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  for (const Header& header : headers) {
    const std::string name = lower(header.name);
    if ((name.starts_with("x-amz-") || name == date_header) && !is_signed(name)) {
      refuse(kInvalid,
             fmt::format("'{}' must be a 'SignedHeader' in the AWS Authorization.", header.name));
    }
  }
}

void check_time(sys_seconds signed_at, sys_seconds now) {
  const sys_seconds oldest = now - kClockWindow;
  const sys_seconds newest = now + kClockWindow;
  if (signed_at < oldest) {
    refuse(kInvalid, fmt::format("Signature expired: {} is now earlier than {} ({} - {} min.)",
                                 basic_iso(signed_at), basic_iso(oldest), basic_iso(now),
                                 kClockWindow.count()));
  }
  if (signed_at > newest) {
    refuse(
        kInvalid,
        fmt::format("Signature not yet current: {} is still later than {} ({} + {} min.)",
                    basic_iso(signed_at), basic_iso(newest), basic_iso(now), kClockWindow.count()));
  }
}

// The time does not tell where two signatures differ.
bool same(std::string_view one, std::string_view other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace

SigningKey::SigningKey(Account account, std::string region, std::string service)
    : account_(std::move(account)), region_(std::move(region)), service_(std::move(service)) {
  const std::string& id = account_.access_key_id;
  if (id.empty() || id.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
                                         "abcdefghijklmnopqrstuvwxyz") != std::string::npos) {
    throw std::invalid_argument(
        fmt::format("access key \"{}\": expected letters, digits and '_'", id));
  }
  if (account_.secret_access_key.empty()) {
    throw std::invalid_argument(fmt::format("access key {}: the secret is empty", id));
  }
  if (account_.account_id.size() != 12 ||
      account_.account_id.find_first_not_of("0123456789") != std::string::npos) {
    throw std::invalid_argument(
        fmt::format("access key {}: account \"{}\", expected 12 digits", id, account_.account_id));
  }
}

std::string SigningKey::scope(std::string_view day) const {
  return fmt::format("{}/{}/{}/{}", day, region_, service_, kTerminator);
}

const SigningKey::Digest& SigningKey::on(std::string_view day) {
  if (day != day_) {
    const std::string secret = "AWS4" + account_.secret_access_key;
    digest_ = hmac({bytes(secret), secret.size()}, day);
    for (const std::string_view part :
         {std::string_view(region_), std::string_view(service_), kTerminator}) {
      digest_ = hmac(digest_, part);
    }
    day_ = day;
  }
  return digest_;
}

Verifier::Verifier(std::vector<Account> accounts, std::string region, std::string service)
    : region_(std::move(region)), service_(std::move(service)) {
  for (Account& account : accounts) {
    for (const SigningKey& key : keys_) {
      if (key.account().access_key_id == account.access_key_id) {
        throw std::invalid_argument(
            fmt::format("access key {} stands twice", account.access_key_id));
      }
    }
    keys_.emplace_back(std::move(account), region_, service_);
  }
}

std::variant<const Account*, Refusal> Verifier::verify(const Request& request,
                                                       std::chrono::system_clock::time_point now) {
  try {
    return &check(request, std::chrono::floor<std::chrono::seconds>(now));
  } catch (Refusal& refusal) {
    return std::move(refusal);
  }
}

void Verifier::check_scope(std::span<const std::string_view> credential,
                           sys_seconds signed_at) const {
  std::vector<std::string> wrong;
  if (credential[2] != region_) {
    wrong.push_back(
        fmt::format("Credential should be scoped to a valid region, not '{}'.", credential[2]));
  }
  if (credential[3] != service_) {
    wrong.push_back(fmt::format("Credential should be scoped to correct service: '{}'.", service_));
  }
  if (credential[4] != kTerminator) {
    wrong.push_back(
        fmt::format("Credential should be scoped with a valid terminator: '{}', not '{}'.",
                    kTerminator, credential[4]));
  }
  const std::string date = basic_iso(signed_at);
  if (const std::string day = date.substr(0, 8); credential[1] != day) {
    wrong.push_back(fmt::format(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        "'{}' != '{}', from '{}'.",
        credential[1], day, date));
  }
  if (!wrong.empty()) refuse(kInvalid, fmt::format("{}", fmt::join(wrong, " ")));
}

const Account& Verifier::check(const Request& request, sys_seconds now) {
  const auto header = value_of(request.headers, "authorization");
  if (!header) refuse(kMissing, "Missing Authentication Token");
  const std::string_view date_header =
      value_of(request.headers, "x-amz-date") ? "x-amz-date" : "date";
  const auto date = value_of(request.headers, date_header);
  const Authorization authorization = parse_authorization(*header, date.has_value());

  auto signed_at = parse_basic_iso(*date);
  if (!signed_at && date_header == "date") signed_at = parse_http_date(*date);
  if (!signed_at) {
    refuse(kIncomplete, fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'. See "
                                    "http://en.wikipedia.org/wiki/ISO_8601",
                                    *date));
  }
  check_time(*signed_at, now);
  const std::vector<std::string> names = parse_signed_headers(authorization.signed_headers);
  check_signed(request.headers, names, date_header);
  if (authorization.algorithm != kAlgorithm) {
    refuse(kIncomplete, fmt::format("Unsupported AWS 'algorithm': '{}' (only {} for now). ",
                                    authorization.algorithm, kAlgorithm));
  }
  const auto credential = split(authorization.credential, "/");
  if (credential.size() != 5) {
    refuse(kIncomplete, fmt::format("Credential must have exactly 5 slash-delimited elements, e.g. "
                                    "keyid/date/region/service/term, got '{}'",
                                    authorization.credential));
  }
  check_scope(credential, *signed_at);

  const auto key = std::find_if(keys_.begin(), keys_.end(), [&](const SigningKey& candidate) {
    return candidate.account().access_key_id == credential[0];
  });
  if (key == keys_.end()) refuse(kUnrecognized, std::string(kUnknownToken));

  const std::string body_hash = hex_sha256(request.body);
  const auto claimed_hash = value_of(request.headers, "x-amz-content-sha256");
  if (claimed_hash && *claimed_hash != body_hash) {
    refuse(kInvalid,
           "The provided 'x-amz-content-sha256' header does not match what was computed.");
  }
  const auto canonical = canonical_request(request, names, body_hash);
  if (!canonical ||
      !same(signature(*key, basic_iso(*signed_at), *canonical), authorization.signature)) {
    refuse(kInvalid,
           "The request signature we calculated does not match the signature you provided. Check "
           "your AWS Secret Access Key and signing method. Consult the service documentation for "
           "details.");
  }
  if (value_of(request.headers, "x-amz-security-token")) {
    refuse(kUnrecognized, std::string(kUnknownToken));
  }
  return key->account();
}

std::string Signer::authorization(const Request& request) {
  const auto date = value_of(request.headers, "x-amz-date");
  if (!date || !parse_basic_iso(*date) || !value_of(request.headers, "host")) {
    throw std::invalid_argument(
        "a request needs a host and a valid x-amz-date header to be signed");
  }
  std::vector<std::string> names(request.headers.size());
  std::transform(request.headers.begin(), request.headers.end(), names.begin(),
                 [](const Header& header) { return lower(header.name); });
  names = sorted_unique(std::move(names));
  const auto canonical = canonical_request(request, names, hex_sha256(request.body));
  return fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                     key_.account().access_key_id, key_.scope(std::string_view(*date).substr(0, 8)),
                     fmt::join(names, ";"), signature(key_, *date, *canonical));
}

std::string amz_date(std::chrono::system_clock::time_point time) {
  return basic_iso(std::chrono::floor<std::chrono::seconds>(time));
}

}  // namespace ceiling::sigv4
