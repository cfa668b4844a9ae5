# Shared by the scripts; sets `project` and `jar`. Not run by itself. Any POSIX shell will do.

project=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
jar=$project/target/dllama-akka.jar

# The program's folder in the user's cache, by the launcher's rule (cli.ClassArchive).
cache_folder() {
  if [ -n "${XDG_CACHE_HOME:-}" ]; then
    printf '%s/dllama-akka\n' "$XDG_CACHE_HOME"
  elif [ "$(uname -s)" = Darwin ]; then
    printf '%s/Library/Caches/dllama-akka\n' "${HOME:-}"
  else
    printf '%s/.cache/dllama-akka\n' "${HOME:-}"
  fi
}

# Whether a folder is the home of a JDK of version 25 or newer.
is_jdk() {
  [ -x "$1/bin/javac" ] && [ -r "$1/release" ] &&
    [ "$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release")" -ge 25 ] 2>/dev/null
}

# Prints the first of the homes, one a line on standard input, that is such a JDK; fails where
# none is.
first_jdk() {
  while IFS= read -r home; do
    if is_jdk "$home"; then
      printf '%s\n' "$home"
      return 0
    fi
  done
  return 1
}

# The homes in a folder of JDKs, of which macOS has each in a bundle.
homes_in() {
  for home in "$1"/* "$1"/*/Contents/Home; do
    printf '%s\n' "$home"
  done
}

# One that scripts/get-jdk or the jar has put there.
cached_jdk() {
  homes_in "$(cache_folder)/jdk" | first_jdk
}

# Where JDKs usually are; DLLAMA_JAVA_FOLDERS stands in for that, for tests.
installed_homes() {
  printf '%s\n' "${DLLAMA_JAVA_HOME:-}" "${JAVA_HOME:-}"
  usual=/usr/lib/jvm:/opt/java:/Library/Java/JavaVirtualMachines:${HOME:-}/.sdkman/candidates/java
  usual=$usual:${HOME:-}/.jdks:${HOME:-}/Library/Java/JavaVirtualMachines
  printf '%s\n' "${DLLAMA_JAVA_FOLDERS:-$usual}" | tr : '\n' | while IFS= read -r folder; do
    homes_in "$folder"
  done
}

# The `java` on the path says where it is. Not macOS's own, which only offers to install one.
home_on_path() {
  case $(uname -s)$(command -v java) in
    Darwin/usr/bin/java) ;;
    *) java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.home = //p' ;;
  esac
}

find_jdk() {
  installed_homes | first_jdk || cached_jdk || home_on_path | first_jdk
}

# Makes Maven and `java` use a new enough JDK, and gets one where there is none.
use_jdk() {
  JAVA_HOME=$(find_jdk) || JAVA_HOME=$("$project/scripts/get-jdk") || exit
  export JAVA_HOME
  PATH=$JAVA_HOME/bin:$PATH
  # Maven's own libraries would have this JDK warn, at length.
  export MAVEN_OPTS="--sun-misc-unsafe-memory-access=allow ${MAVEN_OPTS:-}"
}

# Sets `mvn` to the Maven to use. An installed one, if it will do, since it may know of a proxy or
# works offline, and gives the same jar: all else that builds is pinned in pom.xml.
use_maven() {
  case $(mvn -v 2>/dev/null) in
    *"Apache Maven 3."[89].*) mvn=mvn ;;
    *)
      mvn=$project/mvnw
      install_maven
      ;;
  esac
}

# Has the wrapper get Maven, unless it has before. From a copy of it, for its checksum, and within
# its own folder, so that what is finished appears there all at once.
install_maven() (
  settings=.mvn/wrapper/maven-wrapper.properties
  url=$(sed -n 's/^distributionUrl=//p' "$project/$settings")
  version=${url##*/}
  version=${version%-bin.zip}
  wrapper=${MAVEN_USER_HOME:-${HOME:-}/.m2}/wrapper
  if [ -n "$(find "$wrapper/dists/$version" -path '*/bin/mvn' 2>/dev/null)" ]; then
    return
  fi
  echo "Getting Maven, once: $version from ${url%%/maven2/*} into $wrapper" >&2
  if ! { mkdir -p "$wrapper" && work=$(mktemp -d "$wrapper/get.XXXXXX"); }; then
    exit 2
  fi
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  mkdir -p "$work/.mvn/wrapper"
  cp "$project/mvnw" "$work/mvnw"
  if command -v unzip >/dev/null; then
    cp "$project/$settings" "$work/$settings"
  else
    sed -e '/^distributionSha256Sum=/d' -e 's/^distributionTarSha/distributionSha/' \
      "$project/$settings" >"$work/$settings"
  fi
  if ! (cd "$work" && TMPDIR=$work ./mvnw --version >/dev/null 2>errors); then
    echo "Maven could not be had: $(sed '/^ *$/d' "$work/errors" | tail -n 1)" >&2
    exit 2
  fi
)

# Builds the jar where it is missing or older than a source.
build() {
  if [ -f "$jar" ] &&
    [ -z "$(find "$project/pom.xml" "$project/src/main" -newer "$jar" -type f | head -n 1)" ]; then
    return
  fi
  use_maven
  echo "Building dllama-akka.jar, about a minute the first time ..." >&2
  (cd "$project" && "$mvn" -q -B -DskipTests package) >&2
}

# Makes the archive of classes that shortens every start, once for each jar.
archive_classes() {
  archived=$(dirname -- "$jar")/classes-archived
  if [ -z "$(find "$archived" -newer "$jar" 2>/dev/null)" ]; then
    echo "Preparing faster starts, some seconds ..." >&2
    java -cp "$jar" dllama.cli.ClassArchive && touch "$archived"
  fi || true
}

# Whether one of the other arguments is the first, alone or as --option=value.
has_option() {
  wanted=$1
  shift
  for argument in "$@"; do
    case $argument in
      "$wanted" | "$wanted"=*) return 0 ;;
    esac
  done
  return 1
}
