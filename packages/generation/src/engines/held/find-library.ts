// The shared library of ONNX Runtime that the package onnxruntime-node brings: bin/napi-v6/linux/x64/libonnxruntime.so.1.
// https://github.com/microsoft/onnxruntime/tree/main/js/node
import fs from 'node:fs'
import path from 'node:path'

const FILES: Readonly<Partial<Record<NodeJS.Platform, RegExp>>> = {
  linux: /^libonnxruntime\.so(\.\d+)*$/,
  darwin: /^libonnxruntime(\.\d+)*\.dylib$/,
  win32: /^onnxruntime\.dll$/,
}

/** `folder`: the package's. null: it has none for this machine. Of several files (links of one) the first by name. */
export function libraryIn(
  folder: string,
  { platform, arch }: Pick<NodeJS.Process, 'platform' | 'arch'> = process,
): string | null {
  const wanted = FILES[platform]
  const bin = path.join(folder, 'bin')
  if (wanted === undefined || !fs.existsSync(bin)) return null
  for (const version of fs.readdirSync(bin).sort().toReversed()) {
    const place = path.join(bin, version, platform, arch)
    const file = fs.existsSync(place)
      ? fs
          .readdirSync(place)
          .sort()
          .find((name) => wanted.test(name))
      : undefined
    if (file !== undefined) return path.join(place, file)
  }
  return null
}
