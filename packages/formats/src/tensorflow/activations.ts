// Activations as configurations name them: a text, Keras 3's object of a function, or a layer. Nothing of it is executed: names are
// looked up, and what is not built in is undefined. keras/src/activations/__init__.py, tf_keras/src/activations.py
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import {
  type ActivationSettings,
  activate,
  activationName,
  HARD_SIGMOID_SLOPE,
  type RecurrentActivation,
  recurrentActivation,
} from './activation-functions.ts'
import type { Dialect } from './dialect.ts'

export interface Activation {
  /** As activation-functions.ts calls it. */
  readonly name: string
  readonly settings: ActivationSettings
}

/** `spec`: as the configuration has it; none is linear. Undefined if it is not known. */
export function activationOf(spec: unknown, dialect: Dialect): Activation | undefined {
  if (spec === undefined || spec === null) return { name: 'linear', settings: {} }
  if (typeof spec === 'string') return named(spec, dialect)
  if (typeof spec !== 'object') return undefined
  const { class_name: kind, config } = spec as { readonly class_name?: unknown; readonly config?: unknown }
  if (kind === 'function') return typeof config === 'string' ? named(config, dialect) : undefined
  if (typeof kind !== 'string') return undefined
  return activationOfLayer(kind, typeof config === 'object' && config !== null ? config : {}, dialect)
}

/** What a layer without arrays that is an activation alone does; undefined for other layers. */
export function activationOfLayer(className: string, config: object, dialect: Dialect): Activation | undefined {
  const raw = (key: string): unknown => (Object.hasOwn(config, key) ? (config as Record<string, unknown>)[key] : undefined)
  const number = (...keys: string[]): number | undefined =>
    keys.map(raw).find((value) => typeof value === 'number') as number | undefined
  switch (className) {
    case 'Activation':
      return activationOf(raw('activation'), dialect)
    case 'ReLU':
      return {
        name: 'relu',
        settings: { maxValue: number('max_value'), negativeSlope: number('negative_slope'), threshold: number('threshold') },
      }
    case 'LeakyReLU':
      return { name: 'leaky_relu', settings: { negativeSlope: number('negative_slope', 'alpha') ?? 0.3 } }
    case 'ELU':
      return { name: 'elu', settings: { alpha: number('alpha') ?? 1 } }
    case 'ThresholdedReLU':
      return { name: 'threshold', settings: { threshold: number('theta') ?? 1, value: 0 } }
    case 'Softmax': {
      const axis = raw('axis') ?? -1
      return typeof axis === 'number' ? { name: 'softmax', settings: { axis } } : undefined
    }
    default:
      return undefined
  }
}

/** The nodes of the activation that `spec` asks for; undefined if it is not known. */
export function activation(builder: GraphBuilder, x: Value, spec: unknown, dialect: Dialect): Value | undefined {
  const asked = activationOf(spec, dialect)
  return asked === undefined ? undefined : activate(builder, asked.name, x, asked.settings)
}

/** As ONNX's RNN, GRU and LSTM name it; undefined if they have none like it. */
export function inRecurrence({ name, settings }: Activation): RecurrentActivation | undefined {
  return recurrentActivation(name, settings)
}

function named(text: string, dialect: Dialect): Activation | undefined {
  const name = activationName(text)
  if (name === undefined) return undefined
  const slope = dialect === 'keras-3' ? HARD_SIGMOID_SLOPE.keras3 : HARD_SIGMOID_SLOPE.others
  return { name, settings: { slope, ...(text === 'gelu_new' || text === 'geluNew' ? { approximate: true } : {}) } }
}
