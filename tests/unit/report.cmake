ceiling_test(report_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/report/report_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/report/check_formats_test.cc ${CMAKE_CURRENT_LIST_DIR}/report/result_formats_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/report/page_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/report/recovery_table_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/verify/story.cc
  LINK ceiling::report ceiling::hash_key nlohmann_json::nlohmann_json)

# Documents of every kind, held against the published schemas; and broken ones, which they must refuse.
add_executable(report_documents ${CMAKE_CURRENT_LIST_DIR}/report/documents.cc
                                ${CMAKE_CURRENT_LIST_DIR}/verify/story.cc)
target_link_libraries(report_documents PRIVATE ceiling_options ceiling::report ceiling::html ceiling::hash_key)
if(CEILING_SANITIZE)
  target_compile_options(report_documents PRIVATE -fsanitize=${CEILING_SANITIZE})
endif()
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME report_schemas
  COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/report/schemas_test.py
          ${PROJECT_SOURCE_DIR}/harness/report/schemas $<TARGET_FILE:report_documents>)
set_tests_properties(report_schemas PROPERTIES LABELS unit)
