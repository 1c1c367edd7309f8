# Cross-building for Windows x64 with MinGW-w64. FSA_SYSROOT is the folder that cmake/windows/sysroot made.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc)
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++-posix) # of tests only; the one that has std::thread
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)

set(FSA_SYSROOT "" CACHE PATH "Static libraries for Windows, from cmake/windows/sysroot")
if(NOT EXISTS "${FSA_SYSROOT}/lib/pkgconfig")
  message(FATAL_ERROR "FSA_SYSROOT is no folder of libraries: ./dev windows makes one and names it")
endif()
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES FSA_SYSROOT)

# Windows 7 is the oldest system that the programs start on: a declaration of something newer is not seen,
# so that it cannot become an import; it is found at run time instead.
set(CMAKE_C_FLAGS_INIT "-D_WIN32_WINNT=0x0601 -DWINVER=0x0601")
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
set(CMAKE_MODULE_LINKER_FLAGS_INIT -static)

set(CMAKE_FIND_ROOT_PATH ${FSA_SYSROOT} /usr/x86_64-w64-mingw32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# Nothing in the sysroot is shared: what a library needs itself belongs to every link.
set(ENV{PKG_CONFIG_LIBDIR} ${FSA_SYSROOT}/lib/pkgconfig)
set(ENV{PKG_CONFIG_PATH} "")
set(PKG_CONFIG_ARGN --static)

set(CMAKE_CROSSCOMPILING_EMULATOR ${CMAKE_CURRENT_LIST_DIR}/wine)
