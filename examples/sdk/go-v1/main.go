// Prints who I am, and the buckets that I see; with a number, that often, a second apart.
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/s3"
	"github.com/aws/aws-sdk-go/service/sts"
)

func main() {
	log.SetFlags(0)
	times := 1
	if len(os.Args) > 1 {
		number, err := strconv.Atoi(os.Args[1])
		if err != nil {
			log.Fatal(err)
		}
		times = number
	}
	options := session.Options{SharedConfigState: session.SharedConfigEnable} // without it the config file is not read
	if url := os.Getenv("AWS_ENDPOINT_URL"); url != "" {
		options.Config.Endpoint = aws.String(url) // which this SDK does not read by itself
	}
	ours, err := session.NewSessionWithOptions(options)
	if err != nil {
		log.Fatal(err)
	}
	who, buckets := sts.New(ours), s3.New(ours)
	for i := range times {
		if i > 0 {
			time.Sleep(time.Second)
		}
		if err := show(who, buckets); err != nil {
			log.Fatal(err)
		}
	}
}

func show(who *sts.STS, buckets *s3.S3) error {
	identity, err := who.GetCallerIdentity(nil)
	if err != nil {
		return err
	}
	fmt.Println(aws.StringValue(identity.Arn))
	answer, err := buckets.ListBuckets(nil)
	if err != nil {
		return err
	}
	for _, bucket := range answer.Buckets {
		fmt.Println(aws.StringValue(bucket.Name))
	}
	return nil
}
