# A fleet that is kept up: started in one shell, and told what to do from another.
ceiling_test(serve_test LABEL e2e
  SOURCES
    serve/serve_test.cc
    serve/orders_test.cc
    serve/restart_test.cc
    runs/zz_left_behind_test.cc
  LINK e2e_support fmt::fmt-header-only)
