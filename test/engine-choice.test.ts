import { unmetChoices } from './support/engine-choice'

const engine = { isa: 'avx2', blas: 'none' }
const withBlas = { isa: 'avx2', blas: 'OpenBLAS 0.3.21' }

test.each([
  [{}, engine],
  [{ GRU_NATIVE_ISA: '', GRU_NATIVE_BLAS: '' }, withBlas],
  [{ GRU_NATIVE_ISA: 'avx2', GRU_NATIVE_BLAS: 'off' }, engine],
  [{ GRU_NATIVE_ISA: 'avx2', GRU_NATIVE_BLAS: 'on' }, withBlas],
])('the environment %j is met by %j', (environment, found) => {
  expect(unmetChoices(environment, found)).toEqual([])
})

test.each([
  [{ GRU_NATIVE_ISA: 'avx3' }, engine, 'GRU_NATIVE_ISA=avx3, but the engine has avx2'],
  [{ GRU_NATIVE_ISA: 'baseline' }, engine, 'GRU_NATIVE_ISA=baseline, but the engine has avx2'],
  [{ GRU_NATIVE_BLAS: 'on' }, engine, 'GRU_NATIVE_BLAS=on, but the engine has off'],
  [{ GRU_NATIVE_BLAS: 'off' }, withBlas, 'GRU_NATIVE_BLAS=off, but the engine has on'],
  [{ GRU_NATIVE_BLAS: 'yes' }, withBlas, 'GRU_NATIVE_BLAS=yes, but the engine has on'],
])('the environment %j is not met by %j', (environment, found, message) => {
  expect(unmetChoices(environment, found)).toEqual([message])
})
