#include "workload/protocol/base64.h"

#include <gtest/gtest.h>

#include <utility>

namespace ceiling {
namespace {

// RFC 4648, section 10.
TEST(Base64, IsThatOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [data, text] : vectors) {
    EXPECT_EQ(to_base64(data), text);
    EXPECT_EQ(from_base64(text), data);
  }
}

TEST(Base64, EveryByteComesBackAtEveryPlace) {
  std::string data;
  for (int byte = 0; byte < 256; ++byte) {
    data += static_cast<char>(byte);
    EXPECT_EQ(from_base64(to_base64(data)), data);
  }
}

TEST(Base64, WhatIsNeverWrittenIsRefused) {
  for (const char* text :
       {"=",        "==",    "===",  "====",    "Z",      "Zg",       "Zg=",     "Zg===", "Z===",
        "Zg==Zg==", "Z=g=",  "=Zg=", "Zm8",     "Zm9v=",  "Zm9v====", "Zm9vYg=",  // padding
        "Zh==",     "Zm9=",  "Zv==",                                   // bits behind the last byte
        "Zm 9",     "Zg= =", " Zg=", "Zg==\n",  "\nZm9v", "Zm9v\r\n",  // white space
        "Zm9-",     "Zm9_",  "Zm9.", "Zm9\xc3", "Zm9!"}) {             // other characters
    EXPECT_FALSE(from_base64(text)) << text;
  }
  EXPECT_FALSE(from_base64(std::string_view("Zm\0v", 4)));
}

TEST(Base64, OneOfEachLastDigitIsWritten) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  int one_byte = 0;
  int two_bytes = 0;
  for (const char digit : kDigits) {
    if (from_base64(std::string("A") + digit + "==")) ++one_byte;
    if (from_base64(std::string("AA") + digit + "=")) ++two_bytes;
  }
  EXPECT_EQ(one_byte, 4);
  EXPECT_EQ(two_bytes, 16);
}

}  // namespace
}  // namespace ceiling
