ceiling_test(frontend_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/frontend/map_builder_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/shard_map_test.cc
  LINK ceiling::frontend)

ceiling_test(frontend_http_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/frontend/http_fixture.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/http2_client.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/raw_client.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/http_connection_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/http2_test.cc
  LINK ceiling::frontend ${NGHTTP2_STATIC})
