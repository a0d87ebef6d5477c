/** A service account's key pair, made for these tests alone: openssl genpkey -algorithm RSA, openssl pkey -pubout. */
export const privateKey = `-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDpcKuAdswf5gdd
TBMejyiAXXtoleZhII38wmNUSxSRSHMbe+ZCcOCELafPU+gNh1THnNQDcFwPaBgB
VKx636ZgZKiXlIILu7fh1MPMOe6yTk26ZhThRmrcBz91b0cET1h/AaE0/WeArWdw
Iji8pVJodVZj7iJx3l2IxBoS2SsdOtiYs6E4X+BQqMuDnRo6ao4j6x3fDM5WP9bt
MgaNqrnSHh6EIeb2H0TZIPdtM0+qkJuHp0XdvNUGzXjkSMuQcI42B10EjdozCq9h
veamqd2QHG6IrX5tmGGJhT/I3C0z73gaSnFz45snFmILVRdddgusHB7gwTa0p3HU
XN9hctxDAgMBAAECggEABb1IUiyMwNbSGCHUyuimv8UzBNn1Ci7ka5iVHAKLWzXg
GQbKUGVGRKmuTKNZx+wrkiU4DZ+Xe9kWbs3xcauKNsHmAHGqL6l29p2MqAd5AWqt
PMFIXFbAlAlPlTURSdKJ/ZFnyidvm7lntIxhP1SEB3jYqptO8hePNPVRVZfmS5Ei
fyNBar0HTuHQ4bp067BQfB7n0I8s26vtbxiiw9BHobEWC1pIsg7eEl+ZN7uOKPxZ
H0K78sIYkDNTNi+N7wtAkhSRTNbw1Ouyi8pzUuWzYwTdx1K6j081EJ2q6X8QHVcR
iKY5yq7sAczpRuY+nWhs0itgeh8SjgQPOXldzW3keQKBgQD30DxcGZHcHhKIigfo
TVMkWWQZPrHGJoxgLa4PODDcHRMhB02h/19FkAn5nNg3GxRVkgrVuAhIY4m52te5
HvA3vqqyhs615pHu9FbZJIV2XsM5bBHK9wVSD1AGe9Ni54w6BlHqVew4iT+PUdZ5
yyfe8IqUDurPLnrP8Phn93ZSWwKBgQDxJuD2egqGjiT8xo+cUchgLGXSpiPuK6r2
h6SXB7bN72VevxvJ39yPCCEdB0jDOHuKi62gkxHe7+SwCX6nK1PBGZYOSAH0WwEf
MyyhixE2kq89gI6gyfmGYMAgWM+n7r9pZrR5TyML4a1X/V0jPjiH7fL1dXVBG/pj
hflCZapyOQKBgQCNkyC4uT70UxXhfYIQ/AQQ0yT1qzSi8Kjn1ZEITuDTD6U7DFIU
x7FlK2oXebyolsbiMCISgSXyPTOUw2rU7tDr9/jLL2ruzr/2lQ781PmOa4r6xjvQ
CZm3jNn6KknUylX5XFz2FIp0rixqs6VlRWQM4L064t7Q6EvvekpgEyc82wKBgEKz
XT/va5/iCyr7hNdY65JmVVeZapDC9UuxIv4/PPnjAGffdkE1MR1Cw13zGNYedlVQ
4xpp82R1eAyU47o7SrQ7bnzOv/OlhD7r+alI/N7aXawmNc0VcHYRprKLvgwWBk2S
AdMX53qu1jJjOvK3kA1Q7IWmEmOK6IvEj7gkxKtJAoGBAOdFdGv0VunvjQxSGnJV
e6kG7HyKX/HHjMZ1lNYj57+zMweoALc9YbXNuBj0r1h6WAlSxZT3UYsj6KoC5nou
7Ecw7yZorUG3iBSot2lfdiZKRTex5bJI9cfCp9AT9hHHi71ssjCrLT17Pf6TVl3e
H2dTNpcAeR6GrDe+BrXBqToJ
-----END PRIVATE KEY-----
`;

export const publicKey = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA6XCrgHbMH+YHXUwTHo8o
gF17aJXmYSCN/MJjVEsUkUhzG3vmQnDghC2nz1PoDYdUx5zUA3BcD2gYAVSset+m
YGSol5SCC7u34dTDzDnusk5NumYU4UZq3Ac/dW9HBE9YfwGhNP1ngK1ncCI4vKVS
aHVWY+4icd5diMQaEtkrHTrYmLOhOF/gUKjLg50aOmqOI+sd3wzOVj/W7TIGjaq5
0h4ehCHm9h9E2SD3bTNPqpCbh6dF3bzVBs145EjLkHCONgddBI3aMwqvYb3mpqnd
kBxuiK1+bZhhiYU/yNwtM+94Gkpxc+ObJxZiC1UXXXYLrBwe4ME2tKdx1FzfYXLc
QwIDAQAB
-----END PUBLIC KEY-----
`;

export const email = 'gateway@some-project.iam.gserviceaccount.com';

/** The text of its JSON file. */
export const serviceAccount = JSON.stringify({
  type: 'service_account',
  project_id: 'home-project',
  private_key_id: 'key-1',
  private_key: privateKey,
  client_email: email,
  token_uri: 'https://oauth2.googleapis.com/token',
});
