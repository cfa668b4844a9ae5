@echo off
rem Builds if needed and starts dllama-akka. Gets a JDK and Maven where there are none. For Windows 10
rem and newer; on other systems it is scripts/run.
rem
rem   scripts\run                                 chat with the built-in model
rem   scripts\run --model M.m --tokenizer T.t     chat with a real one
rem   scripts\run --role worker --seed-node HOST  compute for a root
setlocal
set "project=%~dp0.."
set "jar=%project%\target\dllama-akka.jar"
set "JAVA="
for /f "usebackq delims=" %%h in (`powershell -NoProfile -ExecutionPolicy Bypass -File "%~dp0get-jdk.ps1"`) do set "JAVA=%%h"
if not defined JAVA exit /b 2
set "JAVA_HOME=%JAVA%"
set "MAVEN_OPTS=--sun-misc-unsafe-memory-access=allow %MAVEN_OPTS%"

rem Not built again when a source has changed: delete the jar for that.
if not exist "%jar%" (
  echo Building dllama-akka.jar, about a minute the first time ... >&2
  pushd "%project%"
  call mvnw.cmd -q -B -DskipTests package >&2
  popd
)
if not exist "%jar%" exit /b 2
"%JAVA_HOME%\bin\java" -jar "%jar%" %*
exit /b %ERRORLEVEL%
