# Run after linking: asks ${executable} for its cases and writes a ctest for each to ${output}.

foreach(setting IN LISTS environment)
    string(REGEX MATCH "^([^=]+)=(.*)$" _ "${setting}")
    set(ENV{${CMAKE_MATCH_1}} "${CMAKE_MATCH_2}")
endforeach()

execute_process(COMMAND "${executable}" --list OUTPUT_VARIABLE names RESULT_VARIABLE result)
string(REGEX MATCHALL "[^\r\n]+" names "${names}")
if(runs AND (NOT result EQUAL 0 OR NOT names))
    message(FATAL_ERROR "${executable} --list ended with ${result} and named no test.")
endif()

set(text "")
foreach(name IN LISTS names)
    string(APPEND text "add_test([==[${prefix}.${name}]==] [==[${executable}]==] [==[${name}]==])\n")
    string(APPEND text "set_tests_properties([==[${prefix}.${name}]==] PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77 ENVIRONMENT [==[${environment}]==])\n")
    if(NOT runs)
        string(APPEND text "set_tests_properties([==[${prefix}.${name}]==] PROPERTIES DISABLED TRUE)\n")
    endif()
endforeach()
file(WRITE "${output}" "${text}")
