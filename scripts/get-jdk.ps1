# Prints the home of a JDK 25 or newer; gets one into the user's cache folder where there is none. For
# scripts\run.cmd; what scripts/get-jdk does elsewhere, with the same list, folder and variables:
#
#   DLLAMA_JDK_URL     another source: the address of an archive, or a file
#   DLLAMA_JDK_SHA256  the checksum that an archive from there must have
$ErrorActionPreference = 'Stop'

function Say($text) { [Console]::Error.WriteLine($text) }
function Fail($text) { Say $text; exit 2 }

function Test-Jdk($folder) {
  if (-not $folder -or -not (Test-Path "$folder\bin\javac.exe") -or -not (Test-Path "$folder\release")) { return $false }
  $line = Select-String -Path "$folder\release" -Pattern '^JAVA_VERSION="(\d+)' | Select-Object -First 1
  return $line -and [int]$line.Matches[0].Groups[1].Value -ge 25
}

$base = if ($env:XDG_CACHE_HOME) { $env:XDG_CACHE_HOME } else { $env:LOCALAPPDATA }
$jdks = "$base\dllama-akka\jdk"
$homes = @($env:DLLAMA_JAVA_HOME, $env:JAVA_HOME)
foreach ($folder in "$env:ProgramFiles\Java", "$env:ProgramFiles\Eclipse Adoptium", "$env:USERPROFILE\.jdks", $jdks) {
  if (Test-Path $folder) { $homes += (Get-ChildItem $folder -Directory).FullName }
}
foreach ($folder in $homes) { if (Test-Jdk $folder) { $folder; exit 0 } }

$list = Get-Content "$PSScriptRoot\..\src\main\resources\dllama\jdk.txt"
$jdk = ($list -match '^jdk ')[0].Split(' ')[1]
$platform, $bytes, $expected, $url = ($list -match '^windows-x64 ')[0].Split(' ')
$source = if ($env:DLLAMA_JDK_URL) { $env:DLLAMA_JDK_URL } else { $url }
$archive = ($source -split '[/\\]')[-1]
if ($archive -ne ($url -split '/')[-1]) { $expected = ''; $jdk = $archive -replace '\.(zip|tar\.gz|tgz)$', '' }
if ($env:DLLAMA_JDK_URL -and $env:DLLAMA_JDK_SHA256) { $expected = $env:DLLAMA_JDK_SHA256 }

try { New-Item -ItemType Directory -Force $jdks | Out-Null } catch { Fail "No JDK can be got, because $jdks can not be written to: name another cache folder in XDG_CACHE_HOME, or install a JDK 25" }
Say "No JDK 25 or newer was found: getting $jdk ($([int]($bytes / 1e6)) MB, once) from $source into $jdks"
$part = "$jdks\$archive.part"
if (Test-Path $source) {
  $part = $source
} else {
  & curl.exe -fSL --retry 5 -C - -o $part $source
  if ($LASTEXITCODE -ne 0) { Fail "$source could not be had; what has arrived is kept for the next time" }
}
$sum = (Get-FileHash $part -Algorithm SHA256).Hash
if (-not $expected) {
  Say "Not verified against a known checksum: $archive has SHA-256 $sum (DLLAMA_JDK_SHA256 would be compared)"
} elseif ($sum -ne $expected) {
  if ($part -ne $source) { Remove-Item $part }
  Fail "$source is not what it should be and was not installed: SHA-256 $sum, expected $expected"
}

# All of the archive, then a rename: nobody ever sees half of a JDK.
$work = "$jdks\.$PID"
New-Item -ItemType Directory -Force $work | Out-Null
& tar.exe -xf $part -C $work
$new = (Get-ChildItem $work -Directory | Select-Object -First 1).FullName
if (-not (Test-Jdk $new)) { Remove-Item -Recurse $work; Fail "$source holds no JDK 25 or newer, or there is no room for it" }
Move-Item $new "$jdks\$jdk"
Remove-Item -Recurse $work
if ($part -ne $source) { Remove-Item $part }
"$jdks\$jdk"
