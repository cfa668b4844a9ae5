# Shared by the scripts; sets `project` and `jar`. Not run by itself.

project=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
jar=$project/target/dllama-akka.jar

# Prints the home of a JDK of version 25 or newer; fails where there is none.
find_jdk() {
  for home in "${DLLAMA_JAVA_HOME:-}" "${JAVA_HOME:-}" /usr/lib/jvm/* /opt/java/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home \
    "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/*; do
    if [ -x "$home/bin/javac" ] && [ -r "$home/release" ]; then
      feature=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release")
      if [ "${feature:-0}" -ge 25 ]; then
        printf '%s\n' "$home"
        return 0
      fi
    fi
  done
  return 1
}

# Makes Maven and `java` use that JDK, so that all checks of the build are on.
use_jdk() {
  if ! JAVA_HOME=$(find_jdk); then
    echo "A JDK 25 or newer is needed: https://adoptium.net/temurin/releases?version=25" >&2
    echo "(unpack it under ~/.jdks, or name its folder in JAVA_HOME)" >&2
    exit 2
  fi
  export JAVA_HOME
  PATH=$JAVA_HOME/bin:$PATH
  # Maven's own libraries would have this JDK warn, at length.
  export MAVEN_OPTS="--sun-misc-unsafe-memory-access=allow ${MAVEN_OPTS:-}"
}

need_maven() {
  if ! command -v mvn >/dev/null; then
    echo "Maven is needed to build: apt install maven, brew install maven, or" \
      "https://maven.apache.org/download.cgi" >&2
    exit 2
  fi
}

# Builds the jar where it is missing or older than a source.
build() {
  if [ -f "$jar" ] &&
    [ -z "$(find "$project/pom.xml" "$project/src/main" -newer "$jar" -type f | head -n 1)" ]; then
    return
  fi
  need_maven
  echo "Building dllama-akka.jar, about a minute the first time ..." >&2
  (cd "$project" && mvn -q -B -DskipTests package) >&2
}

# Makes the archive of classes that shortens every start, once for each jar.
archive_classes() {
  archived=$project/target/classes-archived
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
