#pragma once

#include <string_view>
#include <vector>

namespace ceiling {

/// The files that a page is made of, embedded when ceiling is built (embed.cmake), in the order in
/// which they stand in it: the modules of D3 as Debian packages them, our own scripts, the style,
/// and the page with "{{NAME}}" where something is to be put in.
const std::vector<std::string_view>& page_libraries();
const std::vector<std::string_view>& page_scripts();
const std::vector<std::string_view>& page_style();
const std::vector<std::string_view>& page_template();

}  // namespace ceiling
