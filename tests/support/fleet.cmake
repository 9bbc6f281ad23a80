# Real fleets by the rooms' own API, without the verb.
add_library(fleet_support STATIC fleet/test_site.cc)
target_link_libraries(fleet_support PUBLIC ceiling::fleet ceiling::keeper ceiling::cgroups spawn_support
                                    PRIVATE ceiling_options)
add_dependencies(fleet_support ceiling-membership ceiling-backend ceiling-frontend ceiling-cache ceiling-client)
