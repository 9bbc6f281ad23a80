// Signs and verifies requests from stdin for signature_v4_botocore_test.py, a JSON object a line:
// {method, target, headers, to_sign, body (hex), now (Unix seconds)}, where `headers` is what
// arrives and `to_sign`, a part of it, what the client signs. Answers {authorization, verdict}: the
// account, or the type of the refusal.

#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "workload/protocol/signature_v4.h"

namespace {

using nlohmann::json;
namespace sigv4 = ceiling::sigv4;

const sigv4::Account kAccount{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                              "123456789012"};

std::string unhex(const std::string& digits) {
  std::string out;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    out += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return out;
}

std::vector<sigv4::Header> headers_of(const json& list) {
  std::vector<sigv4::Header> headers;
  for (const json& header : list) {
    headers.push_back(
        {header.at(0).get_ref<const std::string&>(), header.at(1).get_ref<const std::string&>()});
  }
  return headers;
}

}  // namespace

int main() {
  sigv4::Verifier verifier({kAccount}, "eu-north-1");
  sigv4::Signer signer(kAccount, "eu-north-1");
  for (std::string line; std::getline(std::cin, line);) {
    const json input = json::parse(line);
    const std::string body = unhex(input.at("body"));
    const auto headers = headers_of(input.at("headers"));
    const auto to_sign = headers_of(input.at("to_sign"));
    sigv4::Request request{input.at("method").get_ref<const std::string&>(),
                           input.at("target").get_ref<const std::string&>(), headers, body};
    const std::chrono::sys_seconds now{std::chrono::seconds(input.at("now").get<int>())};
    const auto verdict = verifier.verify(request, now);
    json output;
    if (const auto* account = std::get_if<const sigv4::Account*>(&verdict)) {
      output["verdict"] = (*account)->account_id;
    } else {
      output["verdict"] = std::get<sigv4::Refusal>(verdict).type;
    }
    request.headers = to_sign;
    output["authorization"] = to_sign.empty() ? "" : signer.authorization(request);
    std::cout << output.dump() << '\n';
  }
}
