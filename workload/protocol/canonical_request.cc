#include "workload/protocol/canonical_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace ceiling::sigv4 {
namespace {

std::string collapsed(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (std::string_view(" \t\n\v\f\r").find(c) == std::string_view::npos) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string encoded(std::string_view text) {
  constexpr std::string_view kUnreserved =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._~";
  std::string out;
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

// A '%' without two hex digits stands for itself.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    if (text[i] == '%' && i + 2 < text.size()) {
      const char* const end = text.data() + i + 3;
      if (std::from_chars(text.data() + i + 1, end, byte, 16).ptr == end) {
        out += static_cast<char>(byte);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

std::string canonical_path(std::string_view path) {
  std::vector<std::string_view> segments;
  for (const std::string_view segment : split(path, "/")) {
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
  }
  std::string out;
  for (const std::string_view segment : segments) out += '/' + encoded(segment);
  if (out.empty() || path.ends_with('/')) out += '/';
  return out;
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const std::string_view parameter : split(query, "&")) {
    if (parameter.empty()) continue;
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    parameters.emplace_back(
        encoded(decoded(parameter.substr(0, equals))),
        encoded(decoded(parameter.substr(std::min(equals + 1, parameter.size())))));
  }
  std::sort(parameters.begin(), parameters.end());
  std::string out;
  for (const auto& [name, value] : parameters) {
    out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, value);
  }
  return out;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = text.find_first_of(separators);
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), parts.back().size() + 1));
  }
  return parts;
}

std::optional<std::string> value_of(std::span<const Header> headers, std::string_view lower_name) {
  std::optional<std::string> joined;
  for (const Header& header : headers) {
    if (header.name.size() != lower_name.size() || lower(header.name) != lower_name) continue;
    if (joined) {
      *joined += ',' + collapsed(header.value);
    } else {
      joined = collapsed(header.value);
    }
  }
  return joined;
}

std::optional<std::string> canonical_request(const Request& request,
                                             std::span<const std::string> names,
                                             std::string_view body_hash) {
  const std::size_t question = std::min(request.target.find('?'), request.target.size());
  std::string out = fmt::format(
      "{}\n{}\n{}\n", request.method, canonical_path(request.target.substr(0, question)),
      canonical_query(request.target.substr(std::min(question + 1, request.target.size()))));
  for (const std::string& name : names) {
    // The JavaScript SDK signs HTTP/2's own name of it.
    const auto value = value_of(request.headers, name == ":authority" ? "host" : name);
    if (!value) return std::nullopt;
    out += fmt::format("{}:{}\n", name, *value);
  }
  return out + fmt::format("\n{}\n{}", fmt::join(names, ";"), body_hash);
}

}  // namespace ceiling::sigv4
