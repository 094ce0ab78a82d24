#!/bin/sh
# Cuts the files of this folder from checkouts of their sources, named in NOTES.md:
#   sh cut.sh WYCHEPROOF CCTV RUSTCRYPTO_SIGNATURES RUSTCRYPTO_KEMS BLAKE3 HPKE_PQ
# Nothing is changed but what is left out; needs jq.
set -eu
[ $# -eq 6 ] || { sed -n 2,4p "$0"; exit 2; }
wycheproof=$1/testvectors_v1 cctv=$2 signatures=$3/ml-dsa/tests kems=$4 blake3=$5 hpke=$6
cd "$(dirname "$0")"
mkdir -p wycheproof cctv acvp-ml-dsa xwing blake3 hpke-pq

for name in x25519 chacha20_poly1305 xchacha20_poly1305 hkdf_sha256 mlkem_768_encaps; do
    jq -c . "$wycheproof/${name}_test.json" > wycheproof/$name.json
done
# The same public key in three more encodings.
for name in ed25519 mldsa_44_verify mldsa_65_verify; do
    jq -c 'del(.testGroups[] | .publicKeyDer, .publicKeyPem, .publicKeyJwk)' \
        "$wycheproof/${name}_test.json" > wycheproof/$name.json
done
# We make decapsulation keys from seeds, so the expanded form is left out, and with 100 keys of
# seeds checked, so are the public keys beside the ciphertexts.
jq -c 'del(.testGroups[].tests[].dk)' "$wycheproof/mlkem_768_keygen_seed_test.json" \
    > wycheproof/mlkem_768_keygen_seed.json
jq -c 'del(.testGroups[].tests[].ek)' "$wycheproof/mlkem_768_test.json" > wycheproof/mlkem_768.json

cp "$cctv/ed25519/ed25519vectors.json" cctv/ed25519.json

# No ML-DSA-87; no expanded secret keys of generated and verifying keys; no signing with
# randomness, which we never do.
sets='.testGroups |= map(select(.parameterSet != "ML-DSA-87"))'
jq -c "$sets | del(.testGroups[].tests[].sk)" "$signatures/key-gen.json" > acvp-ml-dsa/key-gen.json
jq -c "$sets | del(.testGroups[].sk)" "$signatures/sig-ver.json" > acvp-ml-dsa/sig-ver.json
jq -c "$sets | .testGroups |= map(select(.deterministic))" "$signatures/sig-gen.json" \
    > acvp-ml-dsa/sig-gen.json

jq -c . "$kems/x-wing/tests/test-vectors.json" > xwing/test-vectors.json

# The 32 bytes that we use of each output of 131.
jq -c '.cases |= map(map_values(if type == "string" then .[:64] else . end))' \
    "$blake3/test_vectors/test_vectors.json" > blake3/test_vectors.json

# X-Wing, HKDF-SHA256, ChaCha20-Poly1305: the suite of PCEK v2.
jq -c 'map(select([.kem_id, .kdf_id, .aead_id] == [25722, 1, 3]))' "$hpke/test-vectors.json" \
    > hpke-pq/x-wing.json
