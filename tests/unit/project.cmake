# The project's own checks: the arrows between the rooms, and the format.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME layering
         COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/tests/layering/layering.py"
                 "${PROJECT_SOURCE_DIR}")
add_test(NAME layering_sees_violations
         COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/tests/layering/layering_test.py")
set_tests_properties(layering layering_sees_violations PROPERTIES LABELS unit)

add_test(NAME format COMMAND "${PROJECT_SOURCE_DIR}/ci/format" --check)
set_tests_properties(format PROPERTIES LABELS style)
