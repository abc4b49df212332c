import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { flexMap } from '../../../test/support/tflite/check-flexbuffer.ts'
import { readTflite } from '../../tflite.ts'
import { MODEL } from '../schema.ts'
import { writeRoot } from '../write/flatbuffer.ts'

/** BuiltinOperator. */
const CUSTOM = 32

const USUAL = {
  ...{ max_detections: 3, max_classes_per_detection: 1, num_classes: 2, nms_score_threshold: 0.25, nms_iou_threshold: 0.5 },
  ...{ y_scale: 10, x_scale: 10, h_scale: 5, w_scale: 5 },
}

describe('detections that are refused', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-detection-'))
  afterAll(() => fs.rmSync(folder, { recursive: true }))

  const tensor = (name: string, shape: number[]) => ({ name, shape, type: 0, buffer: 0 })
  /** Of six boxes. */
  const fileWith = (custom_options: Uint8Array, { images = 1, columns = 3 } = {}): string => {
    const inputs = [tensor('boxes', [images, 6, 4]), tensor('scores', [images, 6, columns]), tensor('anchors', [6, 4])]
    const outputs = ['corners', 'classes', 'values', 'count'].map((name) => tensor(name, []))
    const operator = { opcode_index: 0, inputs: [0, 1, 2], outputs: [3, 4, 5, 6], custom_options }
    const subgraph = { tensors: [...inputs, ...outputs], inputs: [0, 1, 2], outputs: [3, 4, 5, 6], operators: [operator] }
    const code = { deprecated_builtin_code: CUSTOM, builtin_code: CUSTOM, custom_code: 'TFLite_Detection_PostProcess' }
    const file = path.join(folder, 'detector.tflite')
    const model = { version: 3, operator_codes: [code], subgraphs: [subgraph], buffers: [{}] }
    fs.writeFileSync(file, writeRoot(model, MODEL, 'TFL3')!)
    return file
  }
  const refusal = async (options: object, shapes = {}): Promise<string> => {
    const error = await readTflite(fileWith(flexMap({ ...USUAL, ...options }), shapes)).then(
      () => 'read',
      (reason: unknown) => reason,
    )
    if (error === 'read') return error
    expect(error).toBeInstanceOf(InputError)
    return (error as InputError).message.replace(/^.* that makes corners /, '')
  }

  test('nothing of the usual ones', async () => {
    expect(await refusal({})).toBe('read')
    expect(await refusal({ use_regular_nms: true })).toBe('read')
  })

  test('several classes of a box, whose order is not certain', async () => {
    expect(await refusal({ max_classes_per_detection: 2 })).toBe(
      'keeps 2 classes of each box, which is not read: only one has a certain order',
    )
  })

  test.each([
    [{ max_detections: 0 }, 'keeps 0 boxes of 2 classes (0 of one)'],
    [{ use_regular_nms: true, detections_per_class: 0 }, 'keeps 3 boxes of 2 classes (0 of one)'],
    [{ nms_iou_threshold: 0 }, 'has an overlap of 0, and LiteRT takes 0 to 1'],
    [{ h_scale: 0 }, 'has a threshold of 0.25 and scales of 10, 10, 0, 5'],
    [{ num_classes: 1 }, 'has scores of 3 classes, and 1 to tell'],
  ])('options that no kernel takes: %j', async (options, why) => {
    expect(await refusal(options)).toBe(why)
  })

  test('several images', async () => {
    expect(await refusal({}, { images: 2 })).toBe('has 2 images, and LiteRT takes one')
  })

  test('options that are damaged', async () => {
    await expect(readTflite(fileWith(flexMap(USUAL).subarray(3)))).rejects.toThrow(InputError)
    await expect(readTflite(fileWith(new Uint8Array(0)))).rejects.toThrow('cannot be read: its options are cut off or damaged')
  })
})
