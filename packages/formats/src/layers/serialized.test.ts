import { describe, expect, test } from 'vitest'
import { kindOf } from './index.ts'
import { LayerConfig } from './layer-config.ts'
import { headOf } from './serialized.ts'

const holder = new LayerConfig('model.keras', 'the model', {})
const headFrom = (value: { readonly class_name: string; readonly module?: string | null }) =>
  headOf({ ...value, config: { name: 'dense' } }, { holder, around: '', fallback: 'layer' })

describe('the class of a layer', () => {
  test.each([
    { class_name: 'Dense' },
    { class_name: 'Dense', module: null },
    { class_name: 'Dense', module: 'keras.layers' },
    { class_name: 'Dense', module: 'keras.src.layers.core.dense' },
    { class_name: 'Dense', module: 'tf_keras.layers' },
    { class_name: 'Keras>Dense' },
  ])("Keras' own: %j", (value) => {
    const head = headFrom(value)
    expect(head.className).toBe('Dense')
    expect(kindOf(head)).toBeDefined()
  })

  test.each([
    [{ class_name: 'Custom>Dense', module: null }, 'Custom>Dense'],
    [{ class_name: 'Dense', module: 'my_layers' }, 'my_layers.Dense'],
    [{ class_name: 'Dense', module: 'keras_of_mine.layers' }, 'keras_of_mine.layers.Dense'],
  ])("someone else's of that name: %j", (value, className) => {
    const head = headFrom(value)
    expect(head.className).toBe(className)
    expect(kindOf(head)).toBeUndefined()
  })
})
