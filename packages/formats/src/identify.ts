// What a file is, from its first bytes: a user who gives the wrong file is told which file it is and what would work.
// Signatures: each format's own specification; more in netron's readers, https://github.com/lutzroeder/netron
import { readEnd, readStart } from './file.ts'
import { looksLikeOldBinary } from './xgboost/old-binary.ts'

export type FileFormat =
  | 'onnx'
  | 'onnx-tensor'
  | 'onnx-text'
  | 'ort'
  | 'tflite'
  | 'hdf5'
  | 'keras'
  | 'savedmodel'
  | 'tensorflow-graph'
  | 'tfjs'
  | 'torch-exported'
  | 'torchscript'
  | 'pickle'
  | 'numpy'
  | 'safetensors'
  | 'gguf'
  | 'coreml'
  | 'openvino'
  | 'xgboost'
  | 'lightgbm'
  | 'catboost'
  | 'skops'
  | 'json'
  | 'zip'
  | 'gzip'
  | 'archive'
  | 'git-lfs'
  | 'html'
  | 'xml'
  | 'text'
  | 'empty'
  | 'image'
  | 'audio'
  | 'elf'
  | 'executable'
  | 'unknown'

/** Those that a reader of index.ts turns into a model: listed here, too, so that looking at a file loads no reader. */
export const MODEL_FORMATS: readonly FileFormat[] = [
  'onnx',
  'tfjs',
  'hdf5',
  'keras',
  'tflite',
  'xgboost',
  'lightgbm',
  'catboost',
  'skops',
]

/** Those that PyTorch itself opens, in the user's own Python: `open-model.ts` of the commands makes ONNX of them. */
export const isTorchFormat = (format: FileFormat): boolean => format === 'torch-exported' || format === 'torchscript'

export const isModelFormat = (format: FileFormat): boolean => MODEL_FORMATS.includes(format)

export interface Identity {
  readonly format: FileFormat
  /** One phrase with its article: 'a TensorFlow Lite model'. */
  readonly says: string
  /** What to do with it, as an imperative: 'export the model to ONNX with …'. */
  readonly next: string
}

/** What the file at this path is. Throws InputError if it does not exist, is a directory or cannot be read. */
export function identifyFile(file: string): Identity {
  const { bytes, sizeBytes } = readStart(file)
  const found = identify(bytes, sizeBytes, file)
  // A zip's directory is at its end: large weights may lie between its start and the names that tell what it is.
  return found.format === 'zip' || found === TORCH_CHECKPOINT ? (ofTorch(latin1(readEnd(file))) ?? found) : found
}

/** `start`: the first bytes, 64 KB are plenty; `sizeBytes`: of the whole file; the name decides only where bytes leave it open. */
export function identify(start: Uint8Array, sizeBytes: number, fileName: string): Identity {
  if (sizeBytes === 0) return identity('empty', 'empty', 'download or copy it again')
  return (
    byMagic(start) ??
    (startsWith(start, 'PK\u0003\u0004') ? zipContents(start) : undefined) ??
    protobuf(start, fileName) ??
    (isText(start, sizeBytes) ? text(latin1(start), fileName) : undefined) ??
    identity('unknown', `a file of an unknown kind (it begins with ${hex(start)})`, MODEL)
  )
}

const TORCH =
  'let your own program open it: write model.py with `def model(): ...` and `def example_inputs(): ...`, and give model.py'
const READ = 'give it to whyslow'
const MODEL =
  "give a model: .onnx, .tflite, .h5, .keras, TensorFlow.js' model.json, or one of XGBoost, LightGBM, CatBoost (JSON) or scikit-learn (.skops)"
const TENSORFLOW = 'convert it: python -m tf2onnx.convert --saved-model FOLDER --output model.onnx'
const UNPICKLE =
  "save the model there where it was trained (scikit-learn: skops.io.dump(model, 'model.skops'); XGBoost: model.save_model('model.json'); LightGBM: model.booster_.save_model('model.txt'); PyTorch: torch.onnx.export)"
const UNPACK = 'unpack it and give the model in it'

function identity(format: FileFormat, says: string, next: string): Identity {
  return { format, says, next }
}

/** Signature, its offset, and what it means. Characters are bytes (Latin-1). */
const MAGIC: readonly (readonly [string, number, FileFormat, string, string])[] = [
  ['TFL3', 4, 'tflite', 'a TensorFlow Lite model', READ],
  ['ORTM', 4, 'ort', 'an ONNX Runtime (.ort) model', 'give the .onnx file that it was made from'],
  ['\x89HDF\r\n\x1a\n', 0, 'hdf5', 'an HDF5 file, as Keras 2 writes', READ],
  // https://docs.nvidia.com/deeplearning/tensorrt: a serialized plan; magic of older and newer versions.
  ['ftrt', 0, 'unknown', 'a TensorRT engine', 'give the ONNX model that it was built from'],
  ['ptrt', 0, 'unknown', 'a TensorRT engine', 'give the ONNX model that it was built from'],
  ['GGUF', 0, 'gguf', 'a GGUF model (llama.cpp)', 'give an ONNX export of the same model, or run whyslow generate on it'],
  ['\x93NUMPY', 0, 'numpy', 'a NumPy array', 'give the model here, and arrays with --data'],
  ['{L\0\0\0\0\0\0\0', 0, 'xgboost', 'an XGBoost model (UBJSON)', READ],
  ['binf', 0, 'xgboost', 'an XGBoost model (old binary format)', READ],
  [
    'bs64',
    0,
    'unknown',
    'an XGBoost model in base64 (before 1.0)',
    "load it in XGBoost and save it with save_model('model.json')",
  ],
  [
    'CBM1',
    0,
    'unknown',
    'a CatBoost model in its own format (.cbm)',
    "save it as JSON: model.save_model('model.json', format='json')",
  ],
  ['\x1f\x8b', 0, 'gzip', 'gzip-compressed', 'unpack it with gunzip first'],
  ['\x28\xb5\x2f\xfd', 0, 'archive', 'zstd-compressed', 'unpack it first'],
  ['\xfd7zXZ\0', 0, 'archive', 'xz-compressed', 'unpack it first'],
  ['BZh', 0, 'archive', 'bzip2-compressed', 'unpack it first'],
  ['7z\xbc\xaf\x27\x1c', 0, 'archive', 'a 7z archive', UNPACK],
  ['Rar!\x1a\x07', 0, 'archive', 'a RAR archive', UNPACK],
  ['ustar', 257, 'archive', 'a tar archive', UNPACK],
  ['PK\x05\x06', 0, 'zip', 'an empty zip archive', MODEL],
  ['\x89PNG\r\n\x1a\n', 0, 'image', 'a PNG image', 'give the model here, and inputs with --data'],
  ['\xff\xd8\xff', 0, 'image', 'a JPEG image', 'give the model here, and inputs with --data'],
  ['RIFF', 0, 'audio', 'a sound or media file (RIFF)', 'give the model here, and inputs with --data'],
  ['\x7fELF', 0, 'elf', 'a program or library (ELF)', MODEL],
  ['MZ', 0, 'executable', 'a Windows program or library', MODEL],
  ['\xcf\xfa\xed\xfe', 0, 'executable', 'a macOS program or library', MODEL],
]

function byMagic(start: Uint8Array): Identity | undefined {
  const found = MAGIC.find(([magic, offset]) => startsWith(start, magic, offset))
  if (found !== undefined) return identity(found[2], found[3], found[4])
  // Legacy torch.save puts a number of 10 bytes first; other pickles start with protocol 2 to 5.
  if (startsWith(start, '\x80\x02\x8a\x0a'))
    return identity('pickle', 'a PyTorch file (pickle), which can run code when opened', TORCH)
  if ((start[0] === 0x80 && start[1]! >= 2 && start[1]! <= 5 && start.length > 2) || startsWith(start, 'ccopy_reg')) {
    return identity('pickle', 'a Python pickle, which can run code when opened', UNPICKLE)
  }
  if (looksLikeOldBinary(start)) return identity('xgboost', 'an XGBoost model (old binary format)', READ)
  // safetensors: header length as uint64, then a JSON object.
  if (start.length > 9 && start[8] === 0x7b && start.subarray(4, 8).every((byte) => byte === 0)) {
    return identity('safetensors', 'a safetensors file: weights without a graph', 'export the model that uses them to ONNX')
  }
  return undefined
}

const TORCH_CHECKPOINT = identity('pickle', 'a PyTorch checkpoint (pickled), which can run code when opened', TORCH)

/** The kind that the names of its entries tell; undefined: none of PyTorch's. */
function ofTorch(seen: string): Identity | undefined {
  if (/\/models\/[^/]*\.json|serialized_exported_program\.json|\/archive_format/.test(seen))
    return identity('torch-exported', 'an exported PyTorch program (.pt2)', READ)
  if (/\/constants\.pkl/.test(seen) && /\/code\//.test(seen)) return identity('torchscript', 'a TorchScript model', READ)
  return /\/(data\.pkl|constants\.pkl|byteorder|version)/.test(seen) ? TORCH_CHECKPOINT : undefined
}

/** Names of entries stand in clear in a zip file, before each entry's bytes. */
function zipContents(start: Uint8Array): Identity {
  const seen = latin1(start)
  // skops calls its arrays by the numbers of Python's id().
  if (/^.{26}.{4}\d{6,}\.npy/s.test(seen) || (seen.includes('schema.json') && seen.includes('__loader__')))
    return identity('skops', 'a scikit-learn model (.skops)', READ)
  if (/\.npyPK|\.npy/.test(seen))
    return identity('numpy', 'a set of NumPy arrays (.npz)', 'give the model here, and arrays with --data')
  if (seen.includes('model.weights.h5') || (seen.includes('metadata.json') && seen.includes('config.json'))) {
    return identity('keras', 'a Keras 3 model (.keras)', READ)
  }
  const torch = ofTorch(seen)
  if (torch !== undefined) return torch
  if (seen.includes('coremldata') || seen.includes('.mlmodel'))
    return identity('coreml', 'a Core ML package', 'give the ONNX original')
  return identity('zip', 'a zip archive', UNPACK)
}

/** Tags that a ModelProto can have, with their wire type: producer, domain, version, graph, opsets, metadata, functions … */
const MODEL_TAGS: ReadonlySet<number> = new Set([0x08, 0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72, 0xa2, 0xca, 0xd2])

function protobuf(start: Uint8Array, fileName: string): Identity | undefined {
  const name = fileName.toLowerCase()
  const [first = 0, second = 0, third = 0, fourth = 0] = start
  const seen = latin1(start.subarray(0, 16384))
  if (/(^|[\\/])saved_model\.pb$/.test(name) || (first === 0x08 && second === 1 && third === 0x12 && /\bserve\b/.test(seen))) {
    return identity('savedmodel', 'a TensorFlow SavedModel', TENSORFLOW)
  }
  if (first === 0x0a && /Placeholder|Const/.test(seen) && /dtype|shape/.test(seen)) {
    return identity(
      'tensorflow-graph',
      'a TensorFlow graph (frozen .pb)',
      'convert it: python -m tf2onnx.convert --graphdef FILE',
    )
  }
  if (name.endsWith('.mlmodel')) return identity('coreml', 'a Core ML model', 'give the ONNX original')
  // A TensorProto starts with dims (field 1) and then its element type (field 2, a small number).
  const tensor = identity('onnx-tensor', 'an ONNX tensor (test data), not a model', 'give the model.onnx that it belongs to')
  if (first === 0x08 && third === 0x10 && fourth >= 1 && fourth <= 26) return tensor
  if (/(^|[\\/])(in|out)put_\d+\.pb$/.test(name)) return tensor
  const startsLikeModel = first === 0x08 && second >= 1 && second < 0x80 && MODEL_TAGS.has(third)
  if (startsLikeModel || (name.endsWith('.onnx') && MODEL_TAGS.has(first) && !isText(start, start.length))) {
    return identity('onnx', 'an ONNX model', READ)
  }
  return undefined
}

function text(seen: string, fileName: string): Identity {
  const trimmed = seen.replace(/^\u00ef\u00bb\u00bf/, '').trimStart()
  if (trimmed.startsWith('version https://git-lfs')) {
    return identity('git-lfs', 'a Git LFS pointer, not the file itself', "fetch it with 'git lfs pull' or download it")
  }
  if (/^(<!doctype html|<html)/i.test(trimmed)) return identity('html', 'a web page, not a model', 'download the file itself')
  if (/^<\?xml|^<net/.test(trimmed)) {
    const openvino = /<net\b/.test(trimmed)
    return openvino ? identity('openvino', 'an OpenVINO model', 'give the ONNX original') : identity('xml', 'an XML file', MODEL)
  }
  if (trimmed.startsWith('{') || trimmed.startsWith('[')) return json(trimmed)
  if (/^tree\r?\nversion=/.test(trimmed)) return identity('lightgbm', 'a LightGBM model', READ)
  if (/^booster\[0\]:/.test(trimmed))
    return identity(
      'text',
      'an XGBoost dump, which leaves out what the model needs',
      "save the model: booster.save_model('model.json')",
    )
  if (/^(ir_version|graph|opset_import)\s*[:{]/m.test(trimmed.slice(0, 4096)) || /^<\s*ir_version/.test(trimmed)) {
    return identity('onnx-text', 'an ONNX model in text form', 'save it in binary form with onnx.save')
  }
  if (/\.([cm]?[jt]s|pyw?)$/i.test(fileName)) return identity('text', 'a program', `measure it: whyslow pipeline ${fileName}`)
  return identity('text', `a text file${/\.(onnx|tflite|h5|hdf5|keras)$/i.test(fileName) ? ' in spite of its name' : ''}`, MODEL)
}

function json(seen: string): Identity {
  if (/"learner"\s*:/.test(seen)) return identity('xgboost', 'an XGBoost model (JSON)', READ)
  if (/"(oblivious_trees|features_info|float_features|ctr_data)"\s*:/.test(seen))
    return identity('catboost', 'a CatBoost model (JSON)', READ)
  if (/"(modelTopology|weightsManifest)"\s*:/.test(seen) || /"format"\s*:\s*"(layers|graph)-model"/.test(seen)) {
    return identity('tfjs', 'a TensorFlow.js model', READ)
  }
  if (/"schema"\s*:\s*"whyslow-evidence/.test(seen))
    return identity('json', 'saved evidence', "diagnose it with 'whyslow explain'")
  if (/^\{\s*"schema"\s*:\s*"whyslow-/.test(seen)) return identity('json', 'a document of whyslow', "show it with 'whyslow view'")
  if (/"tree_info"\s*:/.test(seen))
    return identity(
      'json',
      'a LightGBM dump, which leaves out what the model needs',
      "save the model: booster.save_model('model.txt')",
    )
  if (/"weight_map"\s*:/.test(seen) && seen.includes('.weights.h5'))
    return identity(
      'json',
      "a list of shards of a Keras model's weights, without the model",
      "load them into the model in Keras and save it with model.save('model.keras')",
    )
  if (/"nodeid"\s*:/.test(seen) && /"(split_condition|leaf)"\s*:/.test(seen))
    return identity(
      'json',
      'an XGBoost dump, which leaves out what the model needs',
      "save the model: booster.save_model('model.json')",
    )
  return identity('json', 'a JSON file', MODEL)
}

/** No control characters but tabs and line ends, and not empty. */
function isText(start: Uint8Array, sizeBytes: number): boolean {
  return (
    sizeBytes > 0 &&
    start.length > 0 &&
    start.every((byte) => (byte >= 0x20 ? byte !== 0x7f : byte === 9 || byte === 10 || byte === 13))
  )
}

function startsWith(start: Uint8Array, magic: string, offset = 0): boolean {
  for (let i = 0; i < magic.length; i++) if (start[offset + i] !== magic.charCodeAt(i)) return false
  return true
}

function latin1(bytes: Uint8Array): string {
  let result = ''
  for (let i = 0; i < bytes.length; i += 8192) result += String.fromCharCode(...bytes.subarray(i, i + 8192))
  return result
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}
