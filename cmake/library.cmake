# blklab_library(NAME SOURCES a.c ... [DEPS lib ...] [PKG pkg ...] [LIBS x ...])
#
# One static library a folder. Its headers are seen only by libraries that name it
# in DEPS (directly or through another), so an include against the levels fails to
# build. PKG are pkg-config names, private to the folder: foreign types stop there.
function(blklab_library name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS;PKG;PUBLIC_PKG;LIBS" ${ARGN})
  add_library(${name} STATIC ${A_SOURCES})
  target_include_directories(${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${A_DEPS} ${A_LIBS})
  foreach(pkg IN LISTS A_PKG)
    pkg_check_modules(PKG_${pkg} REQUIRED IMPORTED_TARGET ${pkg})
    target_link_libraries(${name} PRIVATE PkgConfig::PKG_${pkg})
  endforeach()
  foreach(pkg IN LISTS A_PUBLIC_PKG)
    pkg_check_modules(PKG_${pkg} REQUIRED IMPORTED_TARGET ${pkg})
    target_link_libraries(${name} PUBLIC PkgConfig::PKG_${pkg})
  endforeach()
endfunction()
