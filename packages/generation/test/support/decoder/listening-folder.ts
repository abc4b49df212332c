// An encoder–decoder whose encoder reads sound: a folder of tiny graphs as transformers.js has them.
import fs from 'node:fs'
import path from 'node:path'
import { writeModel } from '@whyslow/graph/build.ts'
import { soundEncoder } from './sound-encoder.ts'
import type { DecoderWeights } from './weights.ts'
import { type FolderOptions, writeFolder } from './write-folder.ts'

/** Samples a second. */
export const RATE = 1000
/** As the folder's preprocessor_config.json has them: windows of 2 s, of 100 frames. */
export const SOUND_SETTINGS = { samplesPerSecond: RATE, bands: 8, window: 40, hop: 20, length: 2 * RATE }

export const soundShape = ({ shape: { width } }: DecoderWeights) => ({ bands: SOUND_SETTINGS.bands, frames: 100, width })

export interface ListeningOptions extends FolderOptions {
  /** Of the encoder; default 0. */
  readonly encoderLayers?: number
}

export function writeListening(folder: string, weights: DecoderWeights, options: ListeningOptions): string {
  writeFolder(folder, weights, options)
  fs.writeFileSync(
    path.join(folder, 'onnx/encoder_model.onnx'),
    writeModel(soundEncoder({ ...soundShape(weights), layers: options.encoderLayers ?? 0 })),
  )
  const { bands, window, hop, length } = SOUND_SETTINGS
  const preprocessor = {
    ...{ feature_extractor_type: 'WhisperFeatureExtractor', sampling_rate: RATE, feature_size: bands },
    ...{ n_fft: window, hop_length: hop, chunk_length: length / RATE },
  }
  fs.writeFileSync(path.join(folder, 'preprocessor_config.json'), JSON.stringify(preprocessor))
  return folder
}
