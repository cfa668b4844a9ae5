package dllama.api.http;

import akka.stream.Attributes;
import akka.stream.Outlet;
import akka.stream.SourceShape;
import akka.stream.stage.AbstractOutHandler;
import akka.stream.stage.AsyncCallback;
import akka.stream.stage.GraphStage;
import akka.stream.stage.GraphStageLogic;
import akka.util.ByteString;
import org.jspecify.annotations.Nullable;

/// Sends what an [EventQueue] holds. It runs in the connection itself, so that an event costs one
/// message; a queue of Akka's would be an actor of its own in between.
final class EventSource extends GraphStage<SourceShape<ByteString>> {
  private final Outlet<ByteString> out = Outlet.create("events");
  private final SourceShape<ByteString> shape = SourceShape.of(out);
  private final EventQueue events;

  EventSource(EventQueue events) {
    this.events = events;
  }

  @Override
  public SourceShape<ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends GraphStageLogic {
    private @Nullable AsyncCallback<Logic> news;

    Logic() {
      super(shape);
      setHandler(
          out,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              next();
            }
          });
    }

    @Override
    public void preStart() {
      news = createAsyncCallback(Logic::next);
    }

    private void next() {
      AsyncCallback<Logic> callback = news;
      if (callback == null || !isAvailable(out)) {
        return;
      }
      ByteString taken = events.take(() -> callback.invoke(this));
      if (events.isGone()) {
        failStage(new IllegalStateException("the caller does not read"));
        return;
      }
      if (!taken.isEmpty()) {
        push(out, taken);
      }
      if (events.isDone()) {
        complete(out);
      }
    }

    @Override
    public void postStop() {
      events.leave();
    }
  }
}
