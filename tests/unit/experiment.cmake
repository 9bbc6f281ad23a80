ceiling_test(experiment_test LABEL unit
  SOURCES experiment/bad_input_test.cc experiment/dependents_test.cc experiment/experiment_test.cc experiment/program_test.cc experiment/recovery_test.cc
          experiment/shipped_test.cc
  LINK ceiling::experiment)
target_compile_definitions(experiment_test
  PRIVATE CEILING_EXPERIMENTS="${PROJECT_SOURCE_DIR}/harness/experiments")
