// Layers as files write them: { class_name, config, name, module, inbound_nodes, … }. keras/src/saving/serialization_lib.py
import type { LayerHead } from './layer.ts'
import { isRecord, type Json, type LayerConfig } from './layer-config.ts'

/** Modules of Keras, and of what it has been part of. */
const KERAS = /^(keras|keras_core|tf_keras|tensorflow|builtins)(\.|$)/

/**
 * The layer written as `value`, inside the layer whose configuration is `holder`. `around` comes before its name ('encoder/');
 * `fallback` is its name if it has none. Throws InputError if `value` is no layer.
 */
export function headOf(value: Json | undefined, parts: { holder: LayerConfig; around: string; fallback: string }): LayerHead {
  const { holder, around, fallback } = parts
  const className = isRecord(value) ? value.class_name : undefined
  if (!isRecord(value) || typeof className !== 'string')
    throw holder.refuse(`holds something that is not a layer; save the model again`)
  // Keras up to 2.2.2 wrote a Sequential's layers as a list in the place of its configuration.
  const config = isRecord(value.config) ? value.config : Array.isArray(value.config) ? { layers: value.config as Json } : {}
  const given = typeof value.name === 'string' ? value.name : config.name
  const name = `${around}${typeof given === 'string' ? given : fallback}`
  return {
    className: classNameOf(className, value.module),
    module: typeof value.module === 'string' ? value.module : undefined,
    name,
    config: holder.inner(className, name, config),
    sharedId: typeof value.shared_object_id === 'number' ? value.shared_object_id : undefined,
  }
}

/** Keras' own as they are called there; someone else's with the package or the module that it is of, so that it is not taken for Keras'. */
function classNameOf(registered: string, module: Json | undefined): string {
  const [own, ...within] = registered.split('>').reverse() as [string, ...string[]]
  if (within.some((name) => !/^(tf_)?keras$|^tensorflow$/i.test(name))) return registered
  return typeof module === 'string' && !KERAS.test(module) ? `${module}.${own}` : own
}
