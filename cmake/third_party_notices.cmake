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
