// Labelled data of real models as .npz files, that `--data` and Python's readers take: a helper of the benchmarks. The data lie beside
// the models, in a folder that is no part of the repository; where they do not, there is nothing to make.
import fs from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import { readNpz } from '../dist/measure/samples/npz.js'
import { root, temporaryFolder } from './shared.mjs'

export const beside = process.env.MODELS ?? path.resolve(root, '../shared/models')

/**
 * By model: its file, test data with labels and calibration data without, as .npz. `rows` limits the test data. A model whose data are
 * not there is left out.
 */
export function labelledModels(rows = 1000) {
  const makers = {
    fmnist_resnet: () => pictures('fmnist_resnet', [1, 28, 28], rows),
    fmnist_gru: () => pictures('fmnist_gru', [28, 28], rows),
    sms_encoder: () => messages(rows),
    credit_mlp: () => table(rows),
  }
  return Object.entries(makers).flatMap(([name, make]) => {
    try {
      return [{ name, ...make() }]
    } catch (error) {
      if (error.code === 'ENOENT') return []
      throw error
    }
  })
}

const MEAN = 0.286
const DEVIATION = 0.353

function pictures(model, shape, rows) {
  const at = (name) => path.join(beside, 'fmnist', name)
  const size = 28 * 28
  const floats = (file, count) => {
    const bytes = gunzipSync(fs.readFileSync(at(file)))
    const values = Float32Array.from(bytes.subarray(0, count * size), (byte) => (byte / 255 - MEAN) / DEVIATION)
    return { dtype: '<f4', shape: [count, ...shape], bytes: values }
  }
  const input = model === 'fmnist_gru' ? 'rows' : 'images'
  const labels = BigInt64Array.from(fs.readFileSync(at('test2000_labels_u8.bin')).subarray(0, rows), BigInt)
  return {
    file: at(`${model}.onnx`),
    test: npz('test', { [input]: floats('test2000_images_u8.gz', rows), labels: { dtype: '<i8', shape: [rows], bytes: labels } }),
    calibration: npz('calibration', { [input]: floats('calib500_images_u8.gz', 200) }),
  }
}

/** Messages of unlike lengths: filled with 0 to the longest that the model takes, and masked. */
const LENGTH = 64

function messages(rows) {
  const at = (name) => path.join(beside, 'sms-transformer', name)
  const read = (name, most) =>
    fs
      .readFileSync(at(name), 'utf8')
      .trim()
      .split('\n')
      .slice(0, most)
      .map((line) => JSON.parse(line))
  const arrays = (lines) => {
    const [ids, mask] = [new BigInt64Array(lines.length * LENGTH), new BigInt64Array(lines.length * LENGTH)]
    lines.forEach(({ input_ids }, row) => {
      input_ids.slice(0, LENGTH).forEach((id, k) => {
        ids[row * LENGTH + k] = BigInt(id)
        mask[row * LENGTH + k] = 1n
      })
    })
    const shape = [lines.length, LENGTH]
    return { input_ids: { dtype: '<i8', shape, bytes: ids }, attention_mask: { dtype: '<i8', shape, bytes: mask } }
  }
  const test = read('test.jsonl', rows)
  const labels = BigInt64Array.from(test, ({ label }) => BigInt(label))
  return {
    file: at('sms_encoder.onnx'),
    test: npz('test', { ...arrays(test), labels: { dtype: '<i8', shape: [test.length], bytes: labels } }),
    calibration: npz('calibration', arrays(read('calib.jsonl', 200))),
  }
}

function table(rows) {
  const at = (name) => path.join(beside, 'credit-default', name)
  const read = (name, most) =>
    fs
      .readFileSync(at(name), 'utf8')
      .trim()
      .split('\n')
      .slice(1, most + 1)
      .map((line) => line.split(',').map(Number))
  const features = (lines) => ({
    dtype: '<f4',
    shape: [lines.length, 23],
    bytes: Float32Array.from(lines.flatMap((line) => line.slice(0, 23))),
  })
  const test = read('test.csv', rows)
  const labels = BigInt64Array.from(test, (line) => BigInt(line[23]))
  const input = 'X'
  return {
    file: at('mlp.onnx'),
    test: npz('test', { [input]: features(test), labels: { dtype: '<i8', shape: [test.length], bytes: labels } }),
    calibration: npz('calibration', { [input]: features(read('train_sample.csv', 200)) }),
  }
}

/** The rows of such a file, one sample each, and their labels apart; null if it has none. */
export function rowsIn(file) {
  const arrays = readNpz(fs.readFileSync(file), file)
  const labels = arrays.get('labels')
  arrays.delete('labels')
  const count = [...arrays.values()][0].shape[0]
  const samples = Array.from({ length: count }, (_, k) =>
    Object.fromEntries(
      [...arrays].map(([name, { dtype, shape, data }]) => {
        const size = data.length / count
        return [name, { dtype, shape: [1, ...shape.slice(1)], data: data.slice(k * size, (k + 1) * size) }]
      }),
    ),
  )
  return { samples, labels: labels === undefined ? null : [...labels.data].map(Number) }
}

/** Writes an archive of arrays, as numpy.savez does; returns its path. */
export function npz(name, arrays) {
  const entries = Object.entries(arrays).map(([key, array]) => [`${key}.npy`, npy(array)])
  const file = path.join(temporaryFolder(), `${name}.npz`)
  fs.writeFileSync(file, zipSync(Object.fromEntries(entries), { level: 0 }))
  return file
}

/** https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
export function npy({ dtype, shape, bytes }) {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const text = `{'descr': '${dtype}', 'fortran_order': False, 'shape': (${sizes}), }`
  const head = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`
  const start = Buffer.concat([
    Buffer.from([0x93]),
    Buffer.from('NUMPY\x01\x00', 'latin1'),
    Buffer.from([head.length & 255, head.length >> 8]),
  ])
  return new Uint8Array(
    Buffer.concat([start, Buffer.from(head, 'latin1'), Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)]),
  )
}
