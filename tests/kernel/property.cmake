add_executable(limits_property
  property/combination.cc property/host_values.cc property/property_main.cc property/trial.cc)
target_link_libraries(limits_property PRIVATE
  ceiling_options ceiling::prove ceiling::cgroups ceiling::spawn spawn_support)
add_dependencies(limits_property ceiling-testee)
add_test(NAME limits_property COMMAND limits_property --count 300)
set_tests_properties(limits_property PROPERTIES LABELS kernel RUN_SERIAL TRUE SKIP_RETURN_CODE 77
                     TIMEOUT 600)
# Without a heap the last two maps take a thread when its stack comes first: random ones seldom find it.
add_test(NAME limits_property.two_maps_without_a_heap COMMAND limits_property --case maps=2)
set_tests_properties(limits_property.two_maps_without_a_heap PROPERTIES LABELS kernel RUN_SERIAL TRUE
                     SKIP_RETURN_CODE 77 TIMEOUT 120)

# The test of the test: rules that promise a thread too many, or too few, are found and reduced.
foreach(skew IN ITEMS 1 -1)
  add_test(NAME limits_property.sees_wrong_rules_${skew}
           COMMAND limits_property --count 1 --seed 1 --skew ${skew})
  set_tests_properties(limits_property.sees_wrong_rules_${skew} PROPERTIES LABELS kernel RUN_SERIAL TRUE
                       TIMEOUT 120 SKIP_REGULAR_EXPRESSION "needs root"
                       PASS_REGULAR_EXPRESSION "smallest: limits_property --case .*1 failed")
endforeach()
