// The optimized graph of a model whose weights are too large for one file, or are in others.
import type { Model } from '@whyslow/graph/model.ts'

/** protobuf holds at most 2 GB: from half of that on the graph as run is written with its weights next to it. */
const EXTERNAL_FROM_BYTES = 1e9

/** Configuration entries under which the engine writes an optimized graph that can be read again. */
export function externalWeights(model: Model): Record<string, string> {
  // Weights next to the model are named relative to it, and the optimized graph is written elsewhere.
  return model.weights.size === 0 && model.source.sizeBytes < EXTERNAL_FROM_BYTES
    ? {}
    : {
        'session.optimized_model_external_initializers_file_name': 'optimized.weights',
        'session.optimized_model_external_initializers_min_size_in_bytes': '1024',
      }
}
