package dispatcher.nix;

/// The directory that a store's objects live in by name, `/nix/store` nearly everywhere. It is part of every
/// store path's hash, so paths of another directory are never ours.
public record StoreDir(String path) {
    public static final StoreDir NIX_STORE = new StoreDir("/nix/store");

    public StoreDir {
        if (!path.startsWith("/") || path.endsWith("/") || path.contains("//"))
            throw NixSyntaxException.of("store directory", path, "it is an absolute path without a slash at its end");
    }

    /// @throws NixSyntaxException unless `fullPath` is this directory, a slash, and a valid store path name
    public StorePath parse(String fullPath) {
        int length = path.length();
        if (!fullPath.startsWith(path) || fullPath.length() <= length || fullPath.charAt(length) != '/')
            throw NixSyntaxException.of("path of the store " + path, fullPath, "it lies elsewhere");
        return new StorePath(fullPath.substring(length + 1));
    }

    public String print(StorePath storePath) {
        return path + "/" + storePath.baseName();
    }

    @Override
    public String toString() {
        return path;
    }
}
