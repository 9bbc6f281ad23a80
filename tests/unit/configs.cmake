ceiling_test(configs_test LABEL unit
  SOURCES
    configs/config_file_test.cc
    configs/garbage_test.cc
    configs/limits_conf_test.cc
    configs/remedy_test.cc
    configs/sysctl_test.cc
    configs/systemd_test.cc
    configs/unit_file_test.cc
    configs/unit_search_test.cc
  LINK ceiling::configs)
