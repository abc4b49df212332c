// What is not read, told by its first bytes: what it is, why it is not read, what to give instead.
import type { Head } from './reader.ts'

const PERFETTO = 'Perfetto’s own format; export it as JSON: traceconv json FILE trace.json'
const PICKLE =
  'a pickle, which can run any program when it is read; export a profile instead: prof.export_chrome_trace("trace.json.gz")'

/** What a file is and what to do; undefined if nothing is known of it. */
export function refusalOf({ bytes, text, kind, keys }: Head): string | undefined {
  if (isPickle(bytes)) return `this is ${PICKLE}`
  if (text.startsWith('PK')) {
    return /\/data\.pkl|archive\/|constants\.pkl/.test(bytes.toString('latin1'))
      ? `this is a PyTorch file with ${PICKLE}`
      : 'this is a zip archive; unpack it and give the trace in it'
  }
  if (bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd)
    return 'this is zstd-compressed; unpack it: zstd -d FILE'
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'this is gzip within gzip; unpack it once: gunzip FILE'
  if (text.startsWith('BZh')) return 'this is bzip2-compressed; unpack it: bunzip2 FILE'
  if (text.startsWith('\u{fd}7zXZ') || (bytes[0] === 0xfd && bytes.toString('latin1', 1, 5) === '7zXZ'))
    return 'this is xz-compressed; unpack it: unxz FILE'
  if (/^(NVTX|QDSTRM|NVSYS)/.test(text) || bytes.toString('latin1', 0, 200).includes('nsys'))
    return 'this looks like an Nsight Systems report; export it: nsys export --type sqlite FILE'
  if (bytes.toString('latin1', 0, 4) === 'NVR\0')
    return 'this is an Nsight Compute report; export it: ncu --import FILE --csv --page raw'
  if (text.startsWith('MEMRAY') || bytes.toString('latin1', 0, 8).includes('memray'))
    return 'this is memray’s binary; export it: memray transform csv FILE'
  if (bytes[0] === 0x0a && isPerfetto(bytes)) return `this is ${PERFETTO}`
  if (kind === 'object' && typeof text === 'string' && /"schema"\s*:\s*"whyslow-/.test(text.slice(0, 400))) return undefined
  if (kind === 'object' && keys.includes('schema') && keys.includes('nodes') && keys.includes('start_ts'))
    return 'this is PyTorch’s execution trace, operators without times; give the profiler’s trace: prof.export_chrome_trace(…)'
  if (kind === 'array' && /^\[\s*\[\s*-?\d/.test(text))
    return 'this is PyTorch’s memory timeline, bytes without times of operators; give prof.export_chrome_trace(…)'
  if (keys.length > 0) return `its members are ${keys.slice(0, 6).join(', ')}: no trace that is known`
  return undefined
}

/** Protocols 2 to 5 begin with their number; 0 and 1 with an opcode, and end with a dot. */
function isPickle(bytes: Buffer): boolean {
  if (bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5) return true
  const start = bytes.toString('latin1', 0, 64)
  return /^(\(dp\d*\n|\(lp\d*\n|\(d|\(l|c[\w.]+\n\w+\n|\]q\0|\}q\0)/.test(start) && bytes.at(-1) === 0x2e
}

/** Packets, one after the other, each field 1: at least two fit. */
function isPerfetto(bytes: Buffer): boolean {
  let at = 0
  for (let packets = 0; packets < 3; packets++) {
    if (bytes[at] !== 0x0a) return false
    let [length, shift, i] = [0, 0, at + 1]
    for (; i < bytes.length && shift < 35; i++, shift += 7) {
      length += (bytes[i]! & 0x7f) * 2 ** shift
      if (bytes[i]! < 0x80) break
    }
    at = i + 1 + length
    if (at >= bytes.length) return packets >= 1
  }
  return true
}
