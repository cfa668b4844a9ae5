package dllama.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import org.junit.jupiter.api.Test;

class ReferenceConfTest {
  @Test
  void shouldBeWhatTheLibraryReads() {
    Config whole = ConfigFactory.defaultReferenceUnresolved();
    Config ours = ReferenceConf.load();
    assertEquals(
        whole.withOnlyPath("dllama").resolve().root(),
        ours.withOnlyPath("dllama").resolve().root());
    assertEquals(
        whole.withOnlyPath("akka").resolve().root(), ours.withOnlyPath("akka").resolve().root());
  }

  @Test
  void shouldKeepLinesAndWhatIsNoComment() {
    assertEquals(
        "a = 1\n\nb = \"#\" # end\n\n\n",
        ReferenceConf.withoutComments("a = 1\n  # one\nb = \"#\" # end\n// two\n\n"));
    assertEquals(
        3,
        ConfigFactory.parseString(ReferenceConf.withoutComments("# x\n\nb = 1"))
            .getValue("b")
            .origin()
            .lineNumber());
  }
}
