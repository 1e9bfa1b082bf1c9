// The tests of the API that cannot hold on the WebAssembly, and why. Every other test must pass there.

const ONE_THREAD =
  'the program has one thread: nothing runs beside a call that has begun, and nothing can abort it'
const OWN_PROGRAM =
  'each load, and each worker thread, has a program of its own, which does not know the others'
const ADDON_FILE = 'it makes a file .node of the native part'
const NO_CUDA = 'it needs the CUDA plug-in, a library of Linux'
const NO_EXTERNAL_MEMORY =
  "V8 knows the program's memory as one buffer, and cannot be told of an object's part of it"
const COPIES =
  "the program cannot reach JavaScript's memory, so that a call has copies of its arrays"
const NODE_API_IN_JAVASCRIPT = 'Node-API is a part in JavaScript, which makes objects of its own'

/**
 * A file, relative to the root, or with `tests` some of its tests by their full names: what stands around them and their
 * own, separated by blanks.
 */
export const LEFT_OUT = [
  { file: 'test/cuda-device.test.ts', reason: NO_CUDA },
  { file: 'test/cuda-plugin.test.ts', reason: NO_CUDA },
  {
    file: 'test/environment.test.ts',
    reason: NO_CUDA,
    tests: [
      '{"GRU_NATIVE_DEVICE":"cuda-emulated","GRU_NATIVE_CUBLAS":"/nowhere/cublas.so"}',
      '{"GRU_NATIVE_DEVICE":"cuda-emulated","GRU_NATIVE_CUBLAS":"libm.so.6"}',
      '{"GRU_NATIVE_DEVICE":"cuda-emulated","GRU_NATIVE_CUDA_TIER":"fast"}',
    ].map(
      (variables) =>
        `a variable that names a device or a library is an error where that is not there ${variables}`,
    ),
  },
  {
    file: 'test/environment.test.ts',
    reason: 'it chooses instruction sets of real processors, and threads',
    tests: [
      '{"GRU_NATIVE_ISA":"baseline","GRU_NATIVE_BLAS":"off","GRU_NATIVE_THREADS":"3"} is followed',
    ],
  },
  {
    file: 'test/environment.test.ts',
    reason: OWN_PROGRAM,
    tests: ['all are told of, and worker threads do not repeat it'],
  },
  {
    file: 'test/side-by-side.test.ts',
    reason: ONE_THREAD,
    tests: [
      'calls of one model run at the same time on several threads',
      'calls of a layer run at the same time, to the bits of the calls alone',
    ],
  },
  {
    file: 'test/responsiveness.test.ts',
    reason: ONE_THREAD,
    tests: [
      'timers run while training steps are computed',
      'timers run while forward calls are computed',
    ],
  },
  {
    file: 'test/layer-signal.test.ts',
    reason: ONE_THREAD,
    tests: ['GRU a signal that is aborted meanwhile stops the call'],
  },
  {
    file: 'test/trainer-step.test.ts',
    reason: ONE_THREAD,
    tests: ['a step that is aborted changes nothing'],
  },
  {
    file: 'test/binding/memory.test.ts',
    reason: NO_EXTERNAL_MEMORY,
    tests: [
      'V8 is told of what a model and its trainer hold, as it grows and shrinks',
      'V8 is told of what a layer and its passes hold',
      'V8 is told of all bytes that memory() tells',
      'V8 is told of what a training pass holds, until it is used up or disposed of',
      'a pass that comes when its layer was disposed of holds nothing',
      'dispose of a model frees all of it at once, though its trainers live',
      'dispose of a model frees it when the pending calls have ended',
    ],
  },
  {
    file: 'test/binding/lifetimes.test.ts',
    reason: NO_EXTERNAL_MEMORY,
    tests: ['memory of passes that nobody uses is found by the garbage collector'],
  },
  {
    file: 'test/dropped-objects.test.ts',
    reason: 'an object that was dropped without dispose is freed in a later turn of the event loop',
    tests: [
      'objects that are dropped without dispose are freed while a loop makes others that never awaits',
      'objects that are dropped without dispose are freed while a loop makes others that awaits microtasks alone',
    ],
  },
  {
    file: 'test/model-file-memory.test.ts',
    reason: COPIES,
    tests: [
      "beside a model model.save(file + '-again') takes one copy",
      'beside a model model.toBytes() takes one copy',
      'beside a trainer, saving takes one copy, and loading a small part',
    ],
  },
  {
    file: 'test/session-memory.test.ts',
    reason: NODE_API_IN_JAVASCRIPT,
    tests: [
      ...['SequenceModel', 'Model', 'Seq2Seq'].map(
        (name) =>
          `a step on the calling thread with arrays for all predictions makes no object of a ${name}`,
      ),
      'sessions of one model need their states and less than 1 KiB each',
    ],
  },
  {
    file: 'test/binding/prototypes.test.ts',
    reason: NODE_API_IN_JAVASCRIPT,
    tests: ['setters of prototypes do not run in stepSync'],
  },
  {
    file: 'test/load-addon.test.ts',
    reason: ADDON_FILE,
    tests: [
      'the package of the platform',
      'a build of the package before that',
      'a file that prebuildify put into the package before that of the platform',
      'the package of the platform where a build does not load',
      'the file that is named before all others',
      'the WebAssembly, with one warning, where a prebuilt file is not installed',
      'the WebAssembly, with one warning, where a prebuilt file does not load',
      'the WebAssembly, and worker threads that start later do not repeat the warning',
      'a wrong value of the variable is told, and forbids nothing',
    ].map((name) => `what is loaded ${name}`),
  },
  {
    file: 'test/hosts/bundles.test.ts',
    reason: ADDON_FILE,
    tests: [
      'a bundle finds the native part beside it: {}',
      'a bundle finds the native part beside it: {"minify":true}',
      'a bundle finds the native part of the package, where only that one can',
    ],
  },
  {
    file: 'test/hosts/test-runner.test.ts',
    reason: ADDON_FILE,
    tests: [
      'a tool that looks for open handles finds one while a promise is pending, and none after',
    ],
  },
  {
    file: 'test/binding/copies.test.ts',
    reason: OWN_PROGRAM,
    tests: ['two loads of the addon do not read each other’s objects'],
  },
  { file: 'test/hosts/electron.test.ts', reason: ADDON_FILE },
  {
    file: 'test/service/requests.test.ts',
    reason: ONE_THREAD,
    tests: ['a slow model refuses what the queue does not hold, and answers the rest'],
  },
]
