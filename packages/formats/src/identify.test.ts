import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { floatTensor, model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { describe, expect, test } from 'vitest'
import { identify, identifyFile } from './identify.ts'

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

function formatOf(start: Uint8Array | string, name = 'model.bin'): string {
  const given = typeof start === 'string' ? bytes(start) : start
  return identify(given, given.length, name).format
}

/** A zip's first entry: signature, 22 bytes of header, name length, no extra, the name, then what follows it. */
function zip(entry: string, following = ''): string {
  return `PK\x03\x04${'\0'.repeat(22)}${String.fromCharCode(entry.length)}\0\0\0${entry}${following}`
}

describe('identify', () => {
  test('an ONNX model, whatever its name', () => {
    const proto = model({
      nodes: [node('Add', ['x', 'w'], ['y'])],
      inputs: [valueInfo('x', 'float32', [1])],
      outputs: [valueInfo('y', 'float32', [1])],
      initializers: [floatTensor('w', [1], [1])],
    })
    expect(formatOf(writeModel(proto), 'anything')).toBe('onnx')
  })

  test.each([
    ['tflite', '\x1c\0\0\0TFL3\0\0'],
    ['ort', '\x1c\0\0\0ORTM\0\0'],
    ['hdf5', '\x89HDF\r\n\x1a\n\0\0'],
    ['gguf', 'GGUF\x03\0\0\0'],
    ['numpy', '\x93NUMPY\x01\0'],
    ['numpy', zip('images.npy')],
    ['keras', zip('metadata.json', '... config.json ... model.weights.h5')],
    ['pickle', zip('archive/data.pkl')],
    ['pickle', zip('model/version', 'model/data/0')],
    ['torchscript', zip('model/code/__torch__.py', 'model/constants.pkl')],
    ['torch-exported', zip('model/models/model.json', 'model/data/weights/weight_0')],
    ['torch-exported', zip('serialized_exported_program.json', 'version')],
    ['zip', zip('readme.txt')],
    ['pickle', '\x80\x04\x95\0\0\0\0\0\0'],
    ['pickle', '\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.'],
    ['safetensors', '\x40\0\0\0\0\0\0\0{"w":{}}'],
    ['xgboost', '{L\0\0\0\0\0\0\0\x07learner{L'],
    ['gzip', '\x1f\x8b\x08\0'],
    ['image', '\x89PNG\r\n\x1a\n'],
    ['image', '\xff\xd8\xff\xe0'],
    ['elf', '\x7fELF\x02'],
    ['onnx-tensor', '\x08\x03\x10\x01\x4a\x0c\0\0\0\0'],
    ['savedmodel', '\x08\x01\x12\x20\x0a\x05serve\x12\0'],
    ['tensorflow-graph', '\x0a\x20\x0a\x01x\x12\x0bPlaceholder*\x0b\x0a\x05dtype\x12'],
    ['unknown', '\x03\x9a\xfe\0\0\x11'],
    ['empty', ''],
  ])('%s by its bytes', (format, start) => {
    expect(formatOf(start)).toBe(format)
  })

  test.each([
    ['xgboost', '{"learner":{"attributes":{}}}'],
    ['catboost', '{"features_info":{"float_features":[]}}'],
    ['json', '[{"nodeid":0,"split_condition":1}]'],
    ['lightgbm', 'tree\nversion=v4\nnum_class=1\n'],
    ['tfjs', '{"format": "graph-model", "modelTopology": {}}'],
    ['json', '{"a": 1}'],
    ['git-lfs', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n'],
    ['html', '<!DOCTYPE html>\n<html>'],
    ['openvino', '<?xml version="1.0"?>\n<net name="m" version="11">'],
    ['onnx-text', 'ir_version: 8\ngraph {\n'],
    ['text', 'hello\n'],
  ])('%s by its text', (format, text) => {
    expect(formatOf(text, 'model.onnx')).toBe(format)
  })

  test('shards of weights are named as weights alone', () => {
    const text = '{"metadata": {"total_size": 1}, "weight_map": {"/layers/dense/vars": "model_00000.weights.h5"}}'
    const { format, says, next } = identify(bytes(text), text.length, 'model.weights.json')
    expect({ format, says, next }).toEqual({
      format: 'json',
      says: "a list of shards of a Keras model's weights, without the model",
      next: "load them into the model in Keras and save it with model.save('model.keras')",
    })
  })

  test('names decide where bytes cannot', () => {
    expect(formatOf('\x08\x02\x12\0', 'model.mlmodel')).toBe('coreml')
    expect(formatOf('\x10\x01\x4a\x04\0\0\0\0', 'test_data_set_0/input_0.pb')).toBe('onnx-tensor')
    expect(formatOf('\x42\x02\x10\x11', 'graph_last.onnx')).toBe('onnx')
  })

  test('every answer is a phrase and an advice of one line', () => {
    const { says, next } = identify(bytes('\x03\x9a\xfe\0\0\x11\n\n'), 8, 'x')
    expect(says).toContain('03 9a fe 00')
    expect(`${says}${next}`).not.toMatch(/\n/)
  })
})

test('a PyTorch archive is known by the directory at its end where weights come first', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'whyslow-identify-')), 'net.pt')
  const weights = zip('net/data/weights/weight_0', '\0'.repeat(400_000))
  const formatWith = (names: string) => {
    writeFileSync(file, Buffer.from(weights + names, 'latin1'))
    return identifyFile(file).format
  }
  expect(formatWith('net/models/net.json')).toBe('torch-exported')
  expect(formatWith('net/code/__torch__.py net/constants.pkl')).toBe('torchscript')
  expect(formatWith('net/data.pkl')).toBe('pickle')
  expect(formatWith('readme.txt')).toBe('zip')
  rmSync(dirname(file), { recursive: true })
})
