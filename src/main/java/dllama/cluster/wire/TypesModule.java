package dllama.cluster.wire;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import dllama.tensor.DType;
import java.io.IOException;

/// How element types travel in control messages: by their names.
///
/// Created by Akka, as akka.conf says.
public final class TypesModule extends SimpleModule {
  private static final long serialVersionUID = 1;

  public TypesModule() {
    super("types");
    addSerializer(DType.class, ToStringSerializer.instance);
    addDeserializer(DType.class, new ByName());
  }

  private static final class ByName extends StdScalarDeserializer<DType> {
    private static final long serialVersionUID = 1;

    ByName() {
      super(DType.class);
    }

    @Override
    public DType deserialize(JsonParser parser, DeserializationContext context) throws IOException {
      return DType.named(parser.getText());
    }
  }
}
