import { expect, test } from 'vitest'
import { pointOf, versionOf } from './c-api.ts'

test('of an error the point, without where in the source it comes from', () => {
  const message = `Exception from src/inference/src/cpp/core.cpp:97:
Exception from src/inference/src/model_reader.cpp:211:
Check 'unsupported_operations.empty()' failed at src/frontends/onnx/frontend/src/frontend.cpp:351:
OpenVINO does not support the following ONNX operations: NoSuchOperator

`
  expect(pointOf(message, -1)).toBe('OpenVINO does not support the following ONNX operations: NoSuchOperator')
})

test('an error without words is its status', () => {
  expect(pointOf(null, -14)).toBe('OpenVINO failed with status -14')
  expect(pointOf('', -1)).toBe('OpenVINO failed with status -1')
  expect(pointOf('Exception from src/a.cpp:1:\n', -1)).toBe('Exception from src/a.cpp:1:')
})

/** A library that says so of itself. */
const saying = (buildNumber: string) =>
  ({ func: () => (version: { buildNumber?: string }) => Object.assign(version, { buildNumber }) }) as unknown as Parameters<
    typeof versionOf
  >[0]

test('a version that is too old is said with the oldest that is known', () => {
  expect(versionOf(saying('2026.4.1-22123-abc'), '')).toEqual({ build: '2026.4.1-22123-abc', short: '2026.4.1' })
  expect(versionOf(saying('2024.6.0-1-a'), '').short).toBe('2024.6.0')
  for (const old of ['2023.3.0-1-a', '2024.5.0-1-a'])
    expect(() => versionOf(saying(old), '')).toThrow(`OpenVINO ${old.slice(0, 8)} is too old; 2024.6 and later are known`)
})

test('another library is called so', () => {
  const none = {
    func() {
      throw new Error('no such symbol')
    },
  } as unknown as Parameters<typeof versionOf>[0]
  expect(() => versionOf(none, '')).toThrow(/^it is not a C library of OpenVINO/)
})
