ceiling_test(html_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/report/html/html_test.cc ${CMAKE_CURRENT_LIST_DIR}/report/html/series_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/report/html/thin_test.cc ${CMAKE_CURRENT_LIST_DIR}/verify/story.cc
  LINK ceiling::html ceiling::hash_key nlohmann_json::nlohmann_json)
