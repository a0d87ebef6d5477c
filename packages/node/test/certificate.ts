/** Self-signed, for localhost and no other name, made for these tests alone: openssl req -x509 -newkey ec -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBljCCATugAwIBAgIUfPBNoBdGlkN3NPqPnkNtW1e8SAowCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTA5NDQyNVoYDzIxMjYxMDI4
MDk0NDI1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARiT94Wa2Y82dgwv1z6k9VqMjjwrPbO9ikPb8tukCtfBoTFduJg5xSB
HDnPqDrXb0g/UxrxU5QAe/3rPJPrzoZNo2kwZzAdBgNVHQ4EFgQUfXWtRqc13Yz/
2Ohxr2mRV8SxQ/owHwYDVR0jBBgwFoAUfXWtRqc13Yz/2Ohxr2mRV8SxQ/owDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SQAwRgIhAMw4WlDW0nVjis03IZvMdE31PbUFAt016madkhvjzdFCAiEA38k4ZxGJ
vXbM5kyXNF8w+7Mc5IhIf4p8bQ+VPkwJaP8=
-----END CERTIFICATE-----
`;

export const privateKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgV1sE4U7DCGLLQnP2
t0YxWPCuo5ur92o/t15MnW9uVmyhRANCAARiT94Wa2Y82dgwv1z6k9VqMjjwrPbO
9ikPb8tukCtfBoTFduJg5xSBHDnPqDrXb0g/UxrxU5QAe/3rPJPrzoZN
-----END PRIVATE KEY-----
`;
