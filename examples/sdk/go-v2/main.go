// Prints who I am, and the buckets that I see; with a number, that often, a second apart.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
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
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	who, buckets := sts.NewFromConfig(cfg), s3.NewFromConfig(cfg)
	for i := range times {
		if i > 0 {
			time.Sleep(time.Second)
		}
		if err := show(ctx, who, buckets); err != nil {
			log.Fatal(err)
		}
	}
}

func show(ctx context.Context, who *sts.Client, buckets *s3.Client) error {
	identity, err := who.GetCallerIdentity(ctx, nil)
	if err != nil {
		return err
	}
	fmt.Println(aws.ToString(identity.Arn))
	pages := s3.NewListBucketsPaginator(buckets, &s3.ListBucketsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, bucket := range page.Buckets {
			fmt.Println(aws.ToString(bucket.Name))
		}
	}
	return nil
}
