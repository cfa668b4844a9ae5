package dllama.template;

import java.util.Iterator;

/// Elements that are computed when they are asked for, once.
record Generator(Iterator<Object> items) {}
