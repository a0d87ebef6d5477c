/** The storage cannot be used as it is. The message says what a person can do, and holds no secret. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
}
