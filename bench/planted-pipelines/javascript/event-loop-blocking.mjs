// planted: event-loop-blocking
// A key is derived on the main thread for each request.
import { pbkdf2Sync } from 'node:crypto'
export const samples = () => ['a', 'b']

export function preprocess(text) {
  return pbkdf2Sync(text, 'salt', 40_000, 32, 'sha256') // here
}
export async function predict(key) {
  return key[0]
}
