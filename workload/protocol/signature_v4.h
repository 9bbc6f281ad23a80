#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "workload/protocol/canonical_request.h"

/// AWS Signature Version 4 in the Authorization header, as the IAM User Guide describes it ("Create
/// a signed AWS API request"), for every service but S3: the path is normalised and encoded twice,
/// the body is always part of the signature. Presigned URLs, chunked signing and session tokens are
/// not supported. Nothing here is thread-safe.
namespace ceiling::sigv4 {

/// One access key and the account that it acts for. Several keys may belong to one account.
struct Account {
  std::string access_key_id;  ///< letters, digits and '_'
  std::string secret_access_key;
  std::string account_id;  ///< 12 digits
};

/// What a JSON service answers: {"__type": type, "message": message}. The message is printable
/// ASCII, whatever the request held.
struct Refusal {
  int http_status = 400;
  std::string type;
  std::string message;
};

/// How far the clocks of client and service may lie apart, both ways; the bound itself is accepted.
inline constexpr std::chrono::minutes kClockWindow{5};
/// More than this is refused before it is parsed.
inline constexpr std::size_t kMaxAuthorizationBytes = 4096;
inline constexpr std::size_t kMaxSignedHeaders = 64;

/// An account with the key that signs its requests of one day: four HMACs that are not repeated
/// until the day changes.
class SigningKey {
 public:
  using Digest = std::array<unsigned char, 32>;

  /// Throws std::invalid_argument for an account that is not as described above.
  SigningKey(Account account, std::string region, std::string service);

  const Account& account() const { return account_; }
  /// "YYYYMMDD/region/service/aws4_request"
  std::string scope(std::string_view day) const;
  const Digest& on(std::string_view day);

 private:
  Account account_;
  std::string region_;
  std::string service_;
  std::string day_;
  Digest digest_{};
};

/// The service's side. Types, messages and the order of the checks are those of the real service,
/// as recorded from it by kinesalite and dynalite (github.com/mhart) and quoted in reports of
/// Kinesis users: Kinesis answers all of these with 400 (the 403 of its "Common Errors" page is
/// what requests without a JSON content type get).
///
///   MissingAuthenticationTokenException  no Authorization header
///   IncompleteSignatureException         the header, the date or the credential is malformed
///   InvalidSignatureException            too old, too new, of another scope, something unsigned
///   that
///                                        must be signed, or another signature
///   UnrecognizedClientException          unknown access key; any x-amz-security-token
///
/// `host` (":authority" in HTTP/2 stands for it), the date and every `x-amz-*` header must be
/// signed, and present when they are signed.
class Verifier {
 public:
  /// Throws std::invalid_argument for a malformed account or two with one access key.
  Verifier(std::vector<Account> accounts, std::string region, std::string service = "kinesis");

  /// The account, which lives as long as this object, or why not. Throws for no request; only for a
  /// lack of memory or a broken OpenSSL.
  std::variant<const Account*, Refusal> verify(const Request& request,
                                               std::chrono::system_clock::time_point now);

 private:
  const Account& check(const Request& request, std::chrono::sys_seconds now);
  void check_scope(std::span<const std::string_view> credential,
                   std::chrono::sys_seconds signed_at) const;

  std::vector<SigningKey> keys_;
  std::string region_;
  std::string service_;
};

/// The client's side.
class Signer {
 public:
  /// Throws std::invalid_argument for a malformed account.
  Signer(Account account, std::string region, std::string service = "kinesis")
      : key_(std::move(account), std::move(region), std::move(service)) {}

  /// The value of the Authorization header. Signs every header of the request, so it must hold
  /// those only that arrive unchanged; throws std::invalid_argument when `host` or `x-amz-date` is
  /// missing.
  std::string authorization(const Request& request);

 private:
  SigningKey key_;
};

/// "20150830T123600Z", the value of x-amz-date.
std::string amz_date(std::chrono::system_clock::time_point time);

}  // namespace ceiling::sigv4
