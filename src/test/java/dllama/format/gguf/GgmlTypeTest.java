package dllama.format.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dllama.tensor.DType;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class GgmlTypeTest {
  /// The reader of files and the kernels know the same types, and mean the same bytes.
  @Test
  void shouldAgreeWithTheWeightTypes() {
    Set<String> supported =
        Arrays.stream(GgmlType.values())
            .filter(GgmlType::supported)
            .map(Enum::name)
            .collect(Collectors.toSet());
    assertEquals(DType.all().stream().map(DType::name).collect(Collectors.toSet()), supported);
    for (DType type : DType.all()) {
      GgmlType same = GgmlType.valueOf(type.name());
      assertEquals(type.blockSize(), same.blockSize(), type.name());
      assertEquals(type.blockBytes(), same.blockBytes(), type.name());
    }
  }
}
