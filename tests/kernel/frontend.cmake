# The frontend's program as it is started; needs root only where a limit is set.
ceiling_test(frontend_program_test LABEL kernel
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/frontend/small_fleet.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/fake_member.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/cache_fleet_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/frontend_program_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/health_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/http_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/../unit/frontend/http2_client.cc
          ${CMAKE_CURRENT_LIST_DIR}/../unit/frontend/raw_client.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/bad_input_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/refused_test.cc
  LINK workload_programs_support spawn_support ceiling::accounts ceiling::cgroups ceiling::signature_v4 fmt::fmt-header-only
       nlohmann_json::nlohmann_json ${NGHTTP2_STATIC})

# A fleet of 151 frontends: a program of its own, because it takes most of the host's pids.
ceiling_test(frontend_memory_test LABEL kernel
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/frontend/memory_test.cc
  LINK fleet_support fmt::fmt-header-only)
