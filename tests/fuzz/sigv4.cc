// A request as text: "METHOD target", header lines, an empty line, the body. It is verified as it
// is; then, signed by us, it must be accepted, and refused with another body.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tests/fuzz/expect.h"
#include "workload/protocol/signature_v4.h"

namespace {

namespace sigv4 = ceiling::sigv4;

const sigv4::Account kAccount{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                              "123456789012"};
constexpr std::chrono::sys_seconds kNow{std::chrono::seconds(1440938160)};  // 20150830T123600Z

// Up to `end`, which is skipped.
std::string_view take(std::string_view& text, std::string_view end) {
  const std::string_view head = text.substr(0, text.find(end));
  text.remove_prefix(std::min(text.size(), head.size() + end.size()));
  return head;
}

struct Parsed {
  std::string_view method;
  std::string_view target;
  std::vector<sigv4::Header> headers;
  std::string_view body;
};

Parsed parse(std::string_view text) {
  Parsed parsed;
  std::string_view line = take(text, "\n");
  parsed.method = take(line, " ");
  parsed.target = line;
  while (!(line = take(text, "\n")).empty()) {
    const std::string_view name = take(line, ":");
    parsed.headers.push_back({name, line});
  }
  parsed.body = text;
  return parsed;
}

bool is_accepted(sigv4::Verifier& verifier, const sigv4::Request& request) {
  const auto verdict = verifier.verify(request, kNow);
  if (const auto* account = std::get_if<const sigv4::Account*>(&verdict)) {
    expect((*account)->access_key_id == kAccount.access_key_id, "the account is ours");
    return true;
  }
  const auto& refusal = std::get<sigv4::Refusal>(verdict);
  expect(refusal.http_status == 400 && refusal.type.ends_with("Exception"), "a documented refusal");
  expect(std::all_of(refusal.message.begin(), refusal.message.end(),
                     [](char c) { return c >= ' ' && c <= '~'; }),
         "the message is printable");
  return false;
}

// Whether HTTP allows the name, and it changes nothing about how the request is signed.
bool is_plain(const sigv4::Header& header) {
  constexpr std::string_view kToken =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  const std::string name = sigv4::lower(header.name);
  return !name.empty() && name.find_first_not_of(kToken) == std::string::npos &&
         name != "authorization" && name != "host" && name != "x-amz-date" &&
         name != "x-amz-content-sha256" && name != "x-amz-security-token";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static sigv4::Verifier verifier({kAccount}, "us-east-1");
  static sigv4::Signer signer(kAccount, "us-east-1");
  Parsed parsed = parse({reinterpret_cast<const char*>(data), size});
  is_accepted(verifier, {parsed.method, parsed.target, parsed.headers, parsed.body});

  auto& headers = parsed.headers;
  std::erase_if(headers, [](const sigv4::Header& header) { return !is_plain(header); });
  headers.resize(std::min(headers.size(), sigv4::kMaxSignedHeaders - 2));
  headers.push_back({"host", "localhost"});
  headers.push_back({"x-amz-date", "20150830T123600Z"});
  const std::string authorization =
      signer.authorization({parsed.method, parsed.target, headers, parsed.body});
  headers.push_back({"authorization", authorization});
  expect(is_accepted(verifier, {parsed.method, parsed.target, headers, parsed.body}) ==
             (authorization.size() <= sigv4::kMaxAuthorizationBytes),
         "what we sign is accepted, unless it is too long");
  const std::string other = std::string(parsed.body) + "x";
  expect(!is_accepted(verifier, {parsed.method, parsed.target, headers, other}),
         "another body is refused");
  return 0;
}
