// SPDX-License-Identifier: Apache-2.0
// Against the examples of AWS's documentation, and signatures that botocore 1.43 made of the same requests.
#include "remote/aws_signature.h"

#include <gtest/gtest.h>

#include "remote/sha256.h"

namespace deja::remote {
namespace {

const std::string kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const AwsCredentials kSuite{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
const AwsCredentials kGuide{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};

std::string signature(const AwsRequest& request, const AwsCredentials& credentials,
                      const AwsScope& scope) {
  const std::string header = aws_authorization(request, credentials, scope);
  return header.substr(header.rfind('=') + 1);
}

TEST(AwsSignature, OfTheTestSuite) {
  const AwsScope scope{"us-east-1", "service"};
  const std::map<std::string, std::string> headers{{"host", "example.amazonaws.com"},
                                                   {"x-amz-date", "20150830T123600Z"}};
  EXPECT_EQ(aws_authorization({"GET", "/", "", headers, kEmpty}, kSuite, scope),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date, "
            "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  EXPECT_EQ(signature({"GET", "/", "Param1=value1&Param2=value2", headers, kEmpty}, kSuite, scope),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}

TEST(AwsSignature, OfTheGuideOfS3) {
  const AwsScope scope{"us-east-1", "s3"};
  std::map<std::string, std::string> headers{{"host", "examplebucket.s3.amazonaws.com"},
                                             {"x-amz-content-sha256", kEmpty},
                                             {"x-amz-date", "20130524T000000Z"}};
  EXPECT_EQ(signature({"GET", "/", "max-keys=2&prefix=J", headers, kEmpty}, kGuide, scope),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
  EXPECT_EQ(signature({"GET", "/", "lifecycle=", headers, kEmpty}, kGuide, scope),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  headers["range"] = "bytes=0-9";
  EXPECT_EQ(signature({"GET", "/test.txt", "", headers, kEmpty}, kGuide, scope),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  const std::string content = sha256_hex("Welcome to Amazon S3.");
  EXPECT_EQ(content, "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072");
  headers.erase("range");
  headers["x-amz-content-sha256"] = content;
  headers["date"] = "Fri, 24 May 2013 00:00:00 GMT";
  headers["x-amz-storage-class"] = "REDUCED_REDUNDANCY";
  EXPECT_EQ(signature({"PUT", "/test%24file.text", "", headers, content}, kGuide, scope),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(AwsSignature, OfBotocore) {
  const AwsScope scope{"eu-central-1", "s3"};
  std::map<std::string, std::string> headers{{"host", "127.0.0.1:9000"},
                                             {"x-amz-content-sha256", kEmpty},
                                             {"x-amz-date", "20260203T040506Z"}};
  EXPECT_EQ(signature({"GET", "/bucket",
                       "continuation-token=a%2Bb%3D&encoding-type=url&list-type=2&max-keys=1000&"
                       "prefix=p%20q%2Fcas%2F",
                       headers, kEmpty},
                      kSuite, scope),
            "732e7cc0825b169e55c2eb3c1599c56fe4348fe4742e62513a310b13bf132449");
  headers["x-amz-security-token"] = "token/+=";
  EXPECT_EQ(signature({"GET", "/bucket/pre%20fix/cas/00ff", "", headers, kEmpty}, kSuite, scope),
            "fdf94116ba1036e52163a59fc3964797870117bdb2a43abd0cedc0a64871d4e4");
}

TEST(AwsSignature, WritesTimeInUtc) {
  EXPECT_EQ(aws_time(0), "19700101T000000Z");
  EXPECT_EQ(aws_time(1440938160), "20150830T123600Z");
}

}  // namespace
}  // namespace deja::remote
