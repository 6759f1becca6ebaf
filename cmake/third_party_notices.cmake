# The notices of the sources that are compiled in, which go wherever their code goes.

# seg_add_notice(<variable> <name> <file> [<first heading of what does not concern us>])
#
# Appends a component's licence, as its source has it, to the text in <variable>. A file may go on
# with licences of parts that are left out of our build; it is cut there.
function(seg_add_notice variable name file)
  file(READ "${file}" notice)
  if(ARGC GREATER 3)
    string(FIND "${notice}" "\n${ARGV3}\n" end)
    string(SUBSTRING "${notice}" 0 ${end} notice)
  endif()
  string(STRIP "${notice}" notice)
  set(${variable} "${${variable}}${name}\n\n${notice}\n\n\n" PARENT_SCOPE)
endfunction()

# seg_core_notices(<variable>): of what the core is compiled with.
function(seg_core_notices variable)
  set(notices "")
  seg_add_notice(notices "cJSON" "${SEG_CJSON_SOURCE_DIR}/LICENSE")
  seg_add_notice(notices "utf8proc" "${SEG_UTF8PROC_SOURCE_DIR}/LICENSE.md")
  set(${variable} "${notices}" PARENT_SCOPE)
endfunction()

# seg_add_npm_notices(<variable> <folder> <file>): of the packages that a package.json depends on,
# and of those that they depend on, as npm has put them into <folder>.
function(seg_add_npm_notices variable folder file)
  file(READ "${file}" package)
  string(JSON dependencies ERROR_VARIABLE none GET "${package}" dependencies)
  if(none)
    return()
  endif()
  string(JSON count LENGTH "${dependencies}")
  set(index 0)
  while(index LESS count)
    string(JSON name MEMBER "${dependencies}" ${index})
    math(EXPR index "${index} + 1")
    file(GLOB license "${folder}/${name}/LICENSE*")
    seg_add_notice(${variable} "${name}" "${license}")
    seg_add_npm_notices(${variable} "${folder}" "${folder}/${name}/package.json")
  endwhile()
  set(${variable} "${${variable}}" PARENT_SCOPE)
endfunction()
